import { type FailureCode } from '../errors.js'
import { type Backoff } from './backoff.js'
import { type ChannelDependencies, type FateHandlers } from './channel.js'
import { type Clock, type Timer } from './clock.js'
import { Credit } from './credit.js'
import { DispatchGate } from './dispatch-gate.js'
import { Examination } from './examination.js'
import { type EngineLimits, type EngineOptions, type HoldStatus, type PartitionStatus } from './engine-options.js'
import { type Verdict } from './examiner.js'
import { Flight, type Origin } from './flight.js'
import { ReplayOrigin, type ReplayMessage } from './replay.js'
import { type CommittableOffset, type Intake, type TopicPartition } from './intake.js'
import { type Observer } from './observer.js'
import { type SourceRecord } from './record.js'
import { Lines } from './lines.js'
import { type Stage } from './stage.js'
import { StageRunner } from './stage-runner.js'
import { type Window } from './window.js'
import { Waits } from './waits.js'
import { Windows } from './windows.js'

const TEND_HOLDS_EVERY_MS = 500
const POSTPONE_HELD_REPLAY_MS = 30_000

/**
 * Takes records from a source through examination and stages to their one end, and says what may be committed.
 * It owns attempts, backoff, holds, order, dead letters and hand-overs; the stages only talk to their systems.
 */
export class Engine<T> implements Intake {
  onAvailable: (() => void) | undefined
  onReplayAvailable: (() => void) | undefined

  readonly #options: EngineOptions<T>
  readonly #clock: Clock
  readonly #observer: Observer
  readonly #limits: EngineLimits
  readonly #credit: Credit
  readonly #replayCredit: Credit
  readonly #windows: Windows<T>
  readonly #gate: DispatchGate
  readonly #examination: Examination<T>
  readonly #replayExamination: Examination<T>
  readonly #runners: ReadonlyArray<StageRunner<T>>
  readonly #lines: Lines<T>
  readonly #deadLetters: StageRunner<T>
  readonly #retryQueue: StageRunner<T> | undefined
  readonly #waits: Waits
  #tendTimer: Timer | undefined
  #stageHeld = false
  #settled = 0
  #settledTotal = 0
  #lastSettledTimestamp = -1
  #closed = false

  constructor (options: EngineOptions<T>) {
    const { clock, limits, observer, incidents, random } = options
    this.#options = options
    this.#clock = clock
    this.#observer = observer
    this.#limits = limits
    this.#waits = new Waits(clock)
    const replayShare = options.retryQueue === undefined ? 0 : limits.replayShare
    this.#credit = new Credit(limits.maxInFlightRecords, limits.maxInFlightBytes)
    this.#replayCredit = new Credit(Math.ceil(limits.maxInFlightRecords * replayShare), Math.ceil(limits.maxInFlightBytes * replayShare))
    this.#windows = new Windows({
      settledIn: (_window, flight) => { this.#settledFrom(this.#credit, flight) },
      lateSettled: () => { observer.lateSettled() }
    })
    this.#gate = new DispatchGate({ clock, maxSilenceMs: limits.maxPollSilenceMs, settleMs: limits.gateSettleMs, opened: () => { this.#pump() } })
    const backoff: Backoff = { baseMs: limits.backoffBaseMs, maxMs: limits.backoffMaxMs, random }
    const deps: ChannelDependencies = { clock, random, observer, incidents, gate: this.#gate, backoff, retryInPlaceMs: limits.retryInPlaceMs }
    const examination = {
      examiner: options.examiner,
      decided: (flight: Flight<T>, verdict: Verdict<T>) => { this.#enter(flight, verdict) },
      chunkEnded: () => { this.#callEnded() },
      clock,
      backoff,
      observer,
      incidents
    }
    this.#examination = new Examination(examination)
    this.#replayExamination = new Examination(examination)
    this.#runners = options.stages.map((stage, index) => new StageRunner(stage, this.#fatesOf(stage, index), deps))
    this.#lines = new Lines(this.#runners)
    this.#deadLetters = new StageRunner(options.deadLetters, this.#fatesOfSink(options.deadLetters), deps)
    this.#retryQueue = options.retryQueue === undefined ? undefined : new StageRunner(options.retryQueue, this.#fatesOfSink(options.retryQueue), deps)
    this.#tendHoldsLater()
  }

  get available (): number {
    return this.#closed || this.#stageHeld ? 0 : this.#credit.available
  }

  get settledTotal (): number {
    return this.#settledTotal
  }

  get relaxed (): boolean {
    return !this.#closed && !this.#stageHeld && this.#credit.relaxed
  }

  /** Records that may be taken from the retry queue now. */
  get replayAvailable (): number {
    return this.#closed || this.#stageHeld ? 0 : this.#replayCredit.available
  }

  open (partition: TopicPartition): void {
    this.close([partition])
    this.#windows.open(partition)
  }

  receive (records: readonly SourceRecord[]): void {
    const polledAt = this.#clock.now()
    const flights: Array<Flight<T>> = []
    let bytes = 0
    for (const record of records) {
      const window = this.#windows.get(record.topic, record.partition)
      if (window?.accepting !== true) continue
      const flight = new Flight<T>(record, window, polledAt)
      if (!window.admit(flight)) {
        this.#observer.repeatedOffset()
        continue
      }
      bytes += flight.bytes
      flights.push(flight)
    }
    if (flights.length === 0) return
    this.#credit.acquire(flights.length, bytes)
    this.#observer.consumed((records[0] as SourceRecord).topic, flights.length, bytes)
    this.#examination.push(flights)
  }

  /** Records of the retry queue: the same road, without a place in any line, on a credit of their own. */
  replay (messages: readonly ReplayMessage[]): void {
    const polledAt = this.#clock.now()
    const flights = messages.map(message => {
      const flight = new Flight<T>(message.record, new ReplayOrigin<T>(message, ended => { this.#settledFrom(this.#replayCredit, ended) }), polledAt)
      flight.attempts = message.attempts
      flight.failure = message.failure
      return flight
    })
    this.#replayCredit.acquire(flights.length, flights.reduce((sum, flight) => sum + flight.bytes, 0))
    this.#observer.replayed(flights.length)
    this.#replayExamination.push(flights)
  }

  polled (): void {
    this.#gate.polled()
  }

  blocked (): readonly TopicPartition[] {
    return [...this.#windows].filter(window => window.span >= this.#limits.maxUncommittedSpan)
  }

  async drain (partitions: readonly TopicPartition[], timeoutMs: number, signal?: AbortSignal): Promise<boolean> {
    const windows = new Set<Origin<T>>(this.#windows.pick(partitions))
    const draining = [...windows] as Array<Window<T>>
    this.#forget(draining.flatMap(window => window.drain()))
    const drained = await this.#waits.until(() => draining.every(window => window.unsettled === 0), timeoutMs, signal)
    if (!drained) for (const runner of this.#allRunners()) runner.abort(flight => windows.has(flight.origin))
    return drained
  }

  /** Ends replays: what has not started goes back to the retry queue at once, what has is awaited. */
  async drainReplays (timeoutMs: number): Promise<boolean> {
    for (const runner of this.#runners) this.#postpone(runner.remove(flight => flight.origin.replay && flight.triesInPlace === 0), 0)
    return await this.#waits.until(() => this.#replayCredit.records === 0, timeoutMs)
  }

  committable (partitions?: readonly TopicPartition[]): CommittableOffset[] {
    const windows = partitions === undefined ? [...this.#windows] : this.#windows.pick(partitions)
    const offsets: CommittableOffset[] = []
    for (const window of windows) {
      const offset = window.committable
      if (offset !== undefined) offsets.push({ topic: window.topic, partition: window.partition, offset })
    }
    return offsets
  }

  committed (offsets: readonly CommittableOffset[]): void {
    for (const { topic, partition, offset } of offsets) this.#windows.get(topic, partition)?.committed(offset)
  }

  close (partitions: readonly TopicPartition[]): void {
    for (const window of this.#windows.pick(partitions)) {
      this.#forget(window.close())
      this.#windows.delete(window)
    }
  }

  /** Ends everything at once; nothing is settled any more. */
  shutDown (): void {
    this.#closed = true
    this.#tendTimer?.clear()
    this.#gate.close()
    this.#examination.close()
    this.#replayExamination.close()
    for (const runner of this.#allRunners()) runner.close()
  }

  get inFlight (): { records: number, bytes: number, replays: number } {
    return { records: this.#credit.records, bytes: this.#credit.bytes, replays: this.#replayCredit.records }
  }

  partitions (): PartitionStatus[] {
    const now = this.#clock.now()
    return [...this.#windows].map(window => ({
      topic: window.topic,
      partition: window.partition,
      epoch: window.epoch,
      watermark: window.watermark,
      highestPolled: window.highestPolled,
      unsettled: window.unsettled,
      unsettledBytes: window.unsettledBytes,
      span: window.span,
      oldestAgeMs: window.oldest === undefined ? 0 : now - window.oldest.polledAt
    }))
  }

  holds (): HoldStatus[] {
    const now = this.#clock.now()
    const holds: HoldStatus[] = []
    for (const runner of this.#allRunners()) {
      for (const channel of runner.channels) {
        if (channel.hold === undefined) continue
        const { reason, since } = channel.hold
        holds.push({ stage: runner.stage.name, key: channel.key, scope: reason.scope, code: reason.code, detail: reason.detail, heldMs: now - since, waiting: channel.waiting })
      }
    }
    return holds
  }

  #enter (flight: Flight<T>, verdict: Verdict<T>): void {
    if (flight.settled || flight.origin.closed) return
    if (verdict.class === 'poison') {
      this.#reject(flight, 'validate', verdict.code, verdict.detail)
      return
    }
    flight.payload = verdict.payload
    for (const { stage } of this.#runners) {
      const refused = stage.check?.(flight)
      if (refused === undefined) continue
      this.#reject(flight, stage.name, refused.code, refused.detail)
      return
    }
    this.#lines.join(flight)
    this.#runners[0]?.push(flight)
  }

  #fatesOf (stage: Stage<T>, index: number): FateHandlers<T> {
    return {
      ...this.#commonFates(stage),
      done: flight => { this.#passed(flight, index) },
      poison: (flight, code, detail) => { this.#reject(flight, stage.name, code, detail) },
      spent: flight => this.#attemptSpent(flight, stage.name)
    }
  }

  /** Dead letters and hand-overs: tried until they are through, and then the record is settled. */
  #fatesOfSink (stage: Stage<T>): FateHandlers<T> {
    return {
      ...this.#commonFates(stage),
      done: flight => { flight.origin.settle(flight) },
      poison: (flight, code, detail) => {
        if (stage === this.#options.deadLetters) this.#deadLetters.push(flight)
        else this.#reject(flight, stage.name, code, detail)
      },
      spent: () => false
    }
  }

  #commonFates (stage: Stage<T>): Pick<FateHandlers<T>, 'failed' | 'callEnded' | 'holdChanged'> {
    return {
      failed: (flight, code, detail) => {
        // A dead letter tells why its record was rejected, not what its own writing met.
        if (stage !== this.#options.deadLetters && stage !== this.#options.retryQueue) this.#note(flight, stage.name, code, detail)
      },
      callEnded: () => { this.#callEnded() },
      holdChanged: () => { this.#holdChanged() }
    }
  }

  #passed (flight: Flight<T>, index: number): void {
    if (flight.settled || flight.origin.closed) return
    if (index + 1 === this.#runners.length) flight.origin.settle(flight)
    else this.#lines.ready(flight, index + 1)
  }

  #attemptSpent (flight: Flight<T>, stage: string): boolean {
    const attempts = flight.attempts + 1
    if (attempts >= this.#limits.maxAttempts) {
      this.#observer.attemptsExhausted()
      flight.attempts = attempts
      const last = flight.failure
      this.#reject(flight, stage, 'ATTEMPTS_EXHAUSTED', last === undefined ? '' : `${last.code}: ${last.detail}`)
      return true
    }
    if (!this.#mayHandOver(flight)) {
      flight.attempts = attempts
      return false
    }
    this.#handOver([flight], attempts, 'attempt')
    return true
  }

  #mayHandOver (flight: Flight<T>): boolean {
    const stage = this.#options.retryQueue
    return stage !== undefined && stage.check?.(flight) === undefined
  }

  #handOver (flights: ReadonlyArray<Flight<T>>, retryCount: number | undefined, cause: 'attempt' | 'hold'): void {
    for (const flight of flights) {
      flight.retryCount = retryCount ?? flight.attempts
      this.#lines.leave(flight)
      this.#retryQueue?.push(flight)
    }
    this.#observer.handedOver(cause, flights.length)
  }

  #reject (flight: Flight<T>, stage: string, code: FailureCode, detail: string): void {
    if (flight.settled || flight.origin.closed) return
    this.#note(flight, stage, code, detail)
    this.#lines.leave(flight)
    this.#observer.deadLettered(code)
    this.#deadLetters.push(flight)
  }

  #note (flight: Flight<T>, stage: string, code: FailureCode, detail: string): void {
    const lastAt = this.#clock.wallTime()
    flight.failure = { code, detail, stage, firstAt: flight.failure?.firstAt ?? lastAt, lastAt }
  }

  #settledFrom (credit: Credit, flight: Flight<T>): void {
    credit.release(1, flight.bytes)
    this.#settled++
    this.#settledTotal++
    this.#lastSettledTimestamp = flight.record.timestamp
    this.#lines.leave(flight)
    flight.forgetBytes()
  }

  /** Dropped before their end: their credit is free, and no queue holds them any more. */
  #forget (dropped: ReadonlyArray<Flight<T>>): void {
    if (dropped.length === 0) return
    for (const runner of this.#allRunners()) runner.remove(flight => flight.settled)
    let bytes = 0
    for (const flight of dropped) {
      bytes += flight.bytes
      this.#lines.leave(flight)
      flight.forgetBytes()
    }
    this.#credit.release(dropped.length, bytes)
    this.#callEnded()
  }

  #callEnded (): void {
    this.#pump()
    if (this.#settled === 0) return
    this.#observer.settled(this.#settled)
    if (this.#lastSettledTimestamp > 0) this.#observer.endToEnd(this.#clock.wallTime() - this.#lastSettledTimestamp)
    this.#settled = 0
    this.#waits.check()
    this.onAvailable?.()
    this.onReplayAvailable?.()
  }

  #pump (): void {
    for (const runner of this.#runners) runner.pump()
    this.#deadLetters.pump()
    this.#retryQueue?.pump()
  }

  #holdChanged (): void {
    this.#stageHeld = this.#runners.some(runner => [...runner.channels].some(channel => channel.hold?.reason.scope === 'stage'))
    if (!this.#stageHeld) {
      this.onAvailable?.()
      this.onReplayAvailable?.()
    }
  }

  #tendHoldsLater (): void {
    this.#tendTimer = this.#clock.setTimer(() => {
      this.#tendHolds()
      this.#tendHoldsLater()
    }, TEND_HOLDS_EVERY_MS)
  }

  /**
   * A held batch key must not stop the others: its records go to the retry queue, without burning an attempt, once it
   * has been held too long, or they fill half of the credit, or a partition's span is used up. Replays go back at once.
   */
  #tendHolds (): void {
    const spanUsed = this.blocked().length > 0
    for (const runner of this.#runners) {
      for (const channel of runner.channels) {
        const hold = channel.hold
        if (hold === undefined || hold.reason.scope !== 'key') continue
        this.#postpone(channel.remove(flight => flight.origin.replay), POSTPONE_HELD_REPLAY_MS)
        const overdue = this.#clock.now() - hold.since >= this.#limits.holdMaxMs || spanUsed || channel.waiting * 2 >= this.#limits.maxInFlightRecords
        if (overdue && this.#retryQueue !== undefined) this.#handOver(channel.remove(flight => this.#mayHandOver(flight)), undefined, 'hold')
      }
    }
    this.#retryQueue?.pump()
  }

  #postpone (flights: ReadonlyArray<Flight<T>>, delayMs: number): void {
    if (flights.length === 0) return
    for (const flight of flights) flight.origin.postpone?.(flight, delayMs)
    this.#observer.postponed(flights.length)
  }

  #allRunners (): Array<StageRunner<T>> {
    return this.#retryQueue === undefined ? [...this.#runners, this.#deadLetters] : [...this.#runners, this.#deadLetters, this.#retryQueue]
  }
}
