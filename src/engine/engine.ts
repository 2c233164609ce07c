import { type Backoff } from './backoff.js'
import { DEFAULT_BREAKER } from './breaker.js'
import { Credit } from './credit.js'
import { DispatchGate } from './dispatch-gate.js'
import { type EngineOptions, type HoldStatus, type PartitionStatus } from './engine-options.js'
import { Examination } from './examination.js'
import { Flight } from './flight.js'
import { Holds } from './holds.js'
import { type CommittableOffset, type Intake, type TopicPartition } from './intake.js'
import { type SourceRecord } from './record.js'
import { LongStays } from './long-stays.js'
import { type ReplayMessage } from './replay.js'
import { Replays } from './replays.js'
import { Road } from './road.js'
import { Waits } from './waits.js'
import { Windows } from './windows.js'

/**
 * Takes records from a source through examination and stages to their one end, and says what may be committed.
 * It owns attempts, backoff, holds, order, dead letters and hand-overs; the stages only talk to their systems.
 */
export class Engine<T> implements Intake {
  onAvailable: (() => void) | undefined
  onReplayAvailable: (() => void) | undefined

  readonly #options: EngineOptions<T>
  readonly #credit: Credit
  readonly #windows: Windows<T>
  readonly #gate: DispatchGate
  readonly #examination: Examination<T>
  readonly #replayExamination: Examination<T>
  readonly #road: Road<T>
  readonly #replays: Replays<T>
  readonly #holds: Holds<T>
  readonly #longStays: LongStays<T>
  readonly #waits: Waits
  #drains = 0
  #settled = 0
  #settledTotal = 0
  #lastSettledTimestamp = -1
  #closed = false

  constructor (options: EngineOptions<T>) {
    const { clock, random, limits, observer, incidents, examiner } = options
    if (options.branches !== undefined && options.retryQueue !== undefined) throw new TypeError('a retry queue holds whole records, not their branches')
    this.#options = options
    const replayShare = options.retryQueue === undefined ? 0 : limits.replayShare
    const replayRecords = Math.ceil(limits.maxInFlightRecords * replayShare)
    const replayBytes = Math.ceil(limits.maxInFlightBytes * replayShare)
    this.#credit = new Credit(limits.maxInFlightRecords - replayRecords, limits.maxInFlightBytes - replayBytes)
    this.#windows = new Windows({
      settledIn: (_window, flight) => {
        this.#credit.release(1, flight.bytes)
        this.#ended(flight)
      },
      lateSettled: () => { observer.lateSettled() }
    })
    this.#longStays = new LongStays({ windows: this.#windows, clock, detach: payload => { examiner.detach?.(payload) } })
    this.#gate = new DispatchGate({
      clock,
      maxSilenceMs: limits.maxPollSilenceMs,
      settleMs: limits.gateSettleMs,
      assigned: () => this.#windows.size > 0,
      opened: () => { this.#road.pump(true) }
    })
    const backoff: Backoff = { baseMs: limits.backoffBaseMs, maxMs: limits.backoffMaxMs, random }
    this.#road = new Road({
      ...options,
      channels: { clock, random, observer, incidents, gate: this.#gate, backoff, retryInPlaceMs: limits.retryInPlaceMs, policy: limits.breaker ?? DEFAULT_BREAKER },
      callEnded: () => { this.#progressed() },
      holdChanged: () => { this.#holdChanged() }
    })
    const examine = (): Examination<T> => new Examination({
      examiner,
      decided: (flight, verdict) => { this.#road.enter(flight, verdict) },
      chunkEnded: () => { this.#progressed() },
      clock,
      backoff,
      observer,
      incidents
    })
    this.#examination = examine()
    this.#replayExamination = examine()
    this.#waits = new Waits(clock)
    this.#replays = new Replays({
      credit: new Credit(replayRecords, replayBytes),
      examination: this.#replayExamination,
      road: this.#road,
      waits: this.#waits,
      clock,
      observer,
      settled: flight => { this.#ended(flight) },
      released: () => { this.#creditReleased() }
    })
    this.#holds = new Holds({
      road: this.#road,
      clock,
      limits,
      spanUsed: () => this.blocked().length > 0,
      postpone: (flights, delayMs) => { this.#replays.postpone(flights, delayMs) }
    })
  }

  get available (): number {
    return this.#closed || this.#holds.pauseIntake ? 0 : this.#credit.available
  }

  get relaxed (): boolean {
    return !this.#closed && !this.#holds.pauseIntake && this.#credit.relaxed
  }

  get awake (): boolean {
    return this.#gate.open
  }

  get settledTotal (): number {
    return this.#settledTotal
  }

  /** Records that may be taken from the retry queue now. */
  get replayAvailable (): number {
    return this.#closed || this.#holds.pauseIntake ? 0 : this.#replays.available
  }

  get inFlight (): { records: number, bytes: number, replays: number } {
    return { records: this.#credit.records, bytes: this.#credit.bytes, replays: this.#replays.records }
  }

  open (partition: TopicPartition): void {
    this.close([partition])
    this.#windows.open(partition)
  }

  receive (records: readonly SourceRecord[]): void {
    const { clock, observer } = this.#options
    const polledAt = clock.now()
    const flights: Array<Flight<T>> = []
    let bytes = 0
    for (const record of records) {
      const window = this.#windows.get(record.topic, record.partition)
      if (window?.accepting !== true) continue
      const flight = new Flight<T>(record, window, polledAt)
      if (!window.admit(flight)) {
        observer.repeatedOffset()
        continue
      }
      bytes += flight.bytes
      flights.push(flight)
    }
    const [first] = flights
    if (first === undefined) return
    this.#credit.acquire(flights.length, bytes)
    observer.consumed(first.record.topic, flights.length, bytes)
    this.#examination.push(flights)
  }

  reachedEnd ({ topic, partition }: TopicPartition, offset: number): void {
    this.#windows.get(topic, partition)?.reachedEnd(offset)
  }

  /** Takes up records of the retry queue. */
  replay (messages: readonly ReplayMessage[]): void {
    this.#replays.take(messages)
  }

  polled (): void {
    this.#gate.polled()
    this.#longStays.polled()
  }

  blocked (): readonly TopicPartition[] {
    return [...this.#windows].filter(window => window.span >= this.#options.limits.maxUncommittedSpan)
  }

  async drain (partitions: readonly TopicPartition[], timeoutMs: number, signal?: AbortSignal): Promise<boolean> {
    const windows = this.#windows.pick(partitions)
    this.#drains++
    this.#forget(windows.flatMap(window => window.drain()))
    if (timeoutMs > 0) this.#progressed()
    const drained = await this.#waits.until(() => windows.every(window => window.unsettled === 0), timeoutMs, signal)
    this.#drains--
    if (!drained) {
      this.#forget(windows.flatMap(window => window.abandon()))
      this.#giveUpCalls()
    }
    return drained
  }

  /** Takes up no more replays: what has not started goes back to the retry queue, what has is awaited. */
  async drainReplays (timeoutMs: number): Promise<boolean> {
    return await this.#replays.drain(timeoutMs)
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
    const windows = this.#windows.pick(partitions)
    if (windows.length === 0) return
    const dropped = windows.flatMap(window => window.close())
    for (const window of windows) this.#windows.delete(window)
    this.#forget(dropped)
    this.#giveUpCalls()
    // With the last partition the gate may have opened.
    this.#road.pump(true)
  }

  /** Ends everything at once; nothing is settled any more. */
  shutDown (): void {
    this.#closed = true
    this.#holds.close()
    this.#gate.close()
    this.#examination.close()
    this.#replayExamination.close()
    this.#road.close()
    this.#waits.close()
  }

  partitions (): PartitionStatus[] {
    const now = this.#options.clock.now()
    return [...this.#windows].map(window => ({
      topic: window.topic,
      partition: window.partition,
      epoch: window.epoch,
      watermark: window.watermark,
      highestPolled: window.highestPolled,
      unsettled: window.unsettled,
      unsettledBytes: window.unsettledBytes,
      span: window.span,
      oldestAgeMs: window.oldest === undefined ? 0 : now - window.oldest.polledAt,
      oldestTimestamp: window.oldest?.record.timestamp ?? -1
    }))
  }

  holds (): HoldStatus[] {
    return this.#holds.status()
  }

  /** The one end of a record that was read in a living epoch, or of a replay. */
  #ended (flight: Flight<T>): void {
    this.#settled++
    this.#settledTotal++
    this.#lastSettledTimestamp = flight.record.timestamp
    this.#road.leave(flight)
    flight.forget()
  }

  /** Dropped before their end: their credit is free, and nothing sends them any more. */
  #forget (dropped: ReadonlyArray<Flight<T>>): void {
    if (dropped.length === 0) return
    this.#road.forget(dropped)
    this.#credit.release(dropped.length, dropped.reduce((bytes, flight) => bytes + flight.bytes, 0))
    this.#progressed()
    this.#creditReleased()
  }

  /** Those that carry records of an epoch that is over. */
  #giveUpCalls (): void {
    this.#road.abort(flight => flight.origin.closed)
  }

  /** A call or an examination has ended, or records were dropped: others may go on. */
  #progressed (): void {
    this.#replays.sendBack()
    if (this.#drains > 0) this.#holds.handOverDraining()
    this.#road.pump()
    if (this.#settled === 0) return
    const { observer, clock } = this.#options
    observer.settled(this.#settled)
    if (this.#lastSettledTimestamp > 0) observer.endToEnd(clock.wallTime() - this.#lastSettledTimestamp)
    this.#settled = 0
    this.#creditReleased()
  }

  #creditReleased (): void {
    this.#waits.check()
    this.onAvailable?.()
    this.onReplayAvailable?.()
  }

  #holdChanged (): void {
    this.#holds.changed()
    this.onAvailable?.()
    this.onReplayAvailable?.()
  }
}
