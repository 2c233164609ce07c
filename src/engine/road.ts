import { type FailureCode } from '../errors.js'
import { type FateHandlers } from './aftermath.js'
import { branchOff } from './branches.js'
import { type Channel, type ChannelDependencies } from './channel.js'
import { toWallTimes } from './doubts.js'
import { type EngineOptions } from './engine-options.js'
import { type Verdict } from './examiner.js'
import { type Flight } from './flight.js'
import { Lines } from './lines.js'
import { type Poison } from './outcome.js'
import { type Stage } from './stage.js'
import { StageRunner } from './stage-runner.js'

export interface RoadOptions<T> extends EngineOptions<T> {
  readonly channels: ChannelDependencies
  readonly callEnded: () => void
  readonly holdChanged: () => void
}

/**
 * The road of a record, from its verdict to its one end: through all stages, or to the dead letters, or to the retry
 * queue. Decides where a record goes next; never when it is sent.
 */
export class Road<T> {
  readonly #options: RoadOptions<T>
  readonly #stages: ReadonlyArray<StageRunner<T>>
  readonly #lines: Lines<T>
  readonly #deadLetters: StageRunner<T>
  readonly #retryQueue: StageRunner<T> | undefined
  readonly #runners: ReadonlyArray<StageRunner<T>>
  readonly #branchEnded = (branch: Flight<T>): void => {
    this.leave(branch)
    branch.forget()
  }

  constructor (options: RoadOptions<T>) {
    const { stages, deadLetters, retryQueue, channels } = options
    this.#options = options
    this.#stages = stages.map((stage, index) => new StageRunner(stage, this.#fatesOf(stage, index), channels))
    this.#lines = new Lines(this.#stages)
    this.#deadLetters = new StageRunner(deadLetters, this.#fatesOfDeadLetters(), channels)
    this.#retryQueue = retryQueue === undefined ? undefined : new StageRunner(retryQueue, this.#fatesOfRetryQueue(), channels)
    this.#runners = [...this.#stages, this.#deadLetters, ...(this.#retryQueue === undefined ? [] : [this.#retryQueue])]
  }

  /** The channels of the stages, of the dead letters and of the retry queue. */
  * channels (): IterableIterator<{ stage: string, channel: Channel<T> }> {
    for (const runner of this.#runners) for (const channel of runner.channels) yield { stage: runner.stage.name, channel }
  }

  /** Those of the stages alone. */
  * stageChannels (): IterableIterator<Channel<T>> {
    for (const runner of this.#stages) yield * runner.channels
  }

  /** Records can be handed over at present: there is a retry queue, and it takes them. */
  get handsOver (): boolean {
    return this.#retryQueue !== undefined && [...this.#retryQueue.channels].every(channel => channel.hold === undefined)
  }

  /** Called in source order. */
  enter (flight: Flight<T>, verdict: Verdict<T>): void {
    if (flight.settled || flight.origin.closed) return
    if (verdict.class === 'poison') {
      this.#refuse(flight, 'validate', verdict)
      return
    }
    const branches = this.#options.branches?.(verdict.payload)
    if (branches?.length === 0) {
      flight.origin.settle(flight)
    } else if (branches === undefined || branches.length === 1) {
      flight.payload = branches?.[0] ?? verdict.payload
      this.#start(flight)
    } else {
      for (const branch of branchOff(flight, branches, this.#branchEnded)) this.#start(branch)
    }
  }

  #start (flight: Flight<T>): void {
    for (const { stage } of this.#stages) {
      const refused = stage.check?.(flight)
      if (refused === undefined) continue
      this.#refuse(flight, stage.name, refused)
      return
    }
    this.#lines.join(flight)
    this.#stages[0]?.push(flight)
  }

  /** Sends what is due. `all`: also where nothing has happened since the last time. */
  pump (all = false): void {
    for (const runner of this.#runners) runner.pump(all)
  }

  /** Its fate is decided elsewhere: what stands behind it need not wait. */
  leave (flight: Flight<T>): void {
    this.#lines.leave(flight)
  }

  /** These were dropped, marked settled: nothing waits for them and nothing sends them any more. */
  forget (dropped: ReadonlyArray<Flight<T>>): void {
    for (const { branches = [] } of dropped) for (const branch of branches) branch.settled = true
    for (const runner of this.#runners) runner.remove(flight => flight.settled)
    for (const flight of dropped) for (const each of flight.branches ?? [flight]) this.#lines.leave(each)
  }

  /** Takes the named records out of the stages, where they wait. */
  removeFromStages (predicate: (flight: Flight<T>) => boolean): Array<Flight<T>> {
    return this.#stages.flatMap(runner => runner.remove(predicate))
  }

  /** Hands over what waits in a channel that is held; it burns no attempt. */
  handOverHeld (channel: Channel<T>, which: (flight: Flight<T>) => boolean = () => true): void {
    const flights = channel.remove(flight => which(flight) && this.#mayHandOver(flight, flight.attempts))
    if (flights.length === 0) return
    const index = this.#stages.findIndex(runner => [...runner.channels].includes(channel))
    for (const flight of flights) this.#handOver(flight, index)
    this.#options.observer.handedOver('hold', flights.length)
  }

  abort (predicate: (flight: Flight<T>) => boolean): void {
    for (const runner of this.#runners) runner.abort(predicate)
  }

  close (): void {
    for (const runner of this.#runners) runner.close()
  }

  #fatesOf (stage: Stage<T>, index: number): FateHandlers<T> {
    return {
      ...this.#commonFates(),
      done: flight => { this.#passed(flight, index) },
      poison: (flight, code, detail) => { this.#refuse(flight, stage.name, { code, detail }) },
      failed: (flight, code, detail) => { this.#note(flight, stage.name, code, detail) },
      spent: flight => this.#attemptSpent(flight, index)
    }
  }

  /** Tried until they are written. What their own writing meets is not noted: they tell why the record was rejected. */
  #fatesOfDeadLetters (): FateHandlers<T> {
    return {
      ...this.#commonFates(),
      done: flight => {
        if (!flight.settled) this.#options.observer.deadLettered(flight.failure?.code ?? 'UNKNOWN')
        flight.origin.settle(flight)
      },
      poison: flight => { this.#deadLetters.push(flight) },
      failed: () => {},
      spent: () => false
    }
  }

  /** What it refuses goes on where it stood: that the retry queue can not take a record says nothing against the record. */
  #fatesOfRetryQueue (): FateHandlers<T> {
    return {
      ...this.#commonFates(),
      done: flight => { flight.origin.settle(flight) },
      poison: flight => {
        flight.handOverRefused = true
        flight.alone = true
        flight.attempts = flight.retryCount
        this.#stages[flight.handedOverFrom]?.push(flight)
      },
      failed: () => {},
      spent: () => false
    }
  }

  #commonFates (): Pick<FateHandlers<T>, 'callEnded' | 'holdChanged'> {
    return { callEnded: this.#options.callEnded, holdChanged: this.#options.holdChanged }
  }

  #passed (flight: Flight<T>, index: number): void {
    if (index + 1 === this.#stages.length) flight.origin.settle(flight)
    else if (!flight.settled && !flight.origin.closed) this.#lines.ready(flight, index + 1)
  }

  #attemptSpent (flight: Flight<T>, index: number): boolean {
    const { limits, observer } = this.#options
    const attempts = flight.attempts + 1
    if (attempts >= limits.maxAttempts) {
      observer.attemptsExhausted()
      flight.attempts = attempts
      const last = flight.failure
      this.#reject(flight, (this.#stages[index] as StageRunner<T>).stage.name, 'ATTEMPTS_EXHAUSTED', last === undefined ? '' : `${last.code}: ${last.detail}`)
      return true
    }
    if (!this.#mayHandOver(flight, attempts)) {
      flight.attempts = attempts
      return false
    }
    this.#handOver(flight, index)
    observer.handedOver('attempt', 1)
    return true
  }

  /** The retry queue could take it, with what it would write of it. */
  #mayHandOver (flight: Flight<T>, retryCount: number): boolean {
    const stage = this.#retryQueue?.stage
    if (stage === undefined || flight.handOverRefused) return false
    flight.retryCount = retryCount
    flight.unansweredAt = toWallTimes(flight.openCalls, this.#options.clock)
    return stage.check?.(flight) === undefined
  }

  #handOver (flight: Flight<T>, index: number): void {
    flight.handedOverFrom = index
    this.#lines.leave(flight)
    this.#retryQueue?.push(flight)
  }

  /** It can never pass: its present pass is the last. */
  #refuse (flight: Flight<T>, stage: string, { code, detail }: Pick<Poison, 'code' | 'detail'>): void {
    flight.attempts++
    this.#reject(flight, stage, code, detail)
  }

  #reject (flight: Flight<T>, stage: string, code: FailureCode, detail: string): void {
    this.#note(flight, stage, code, detail)
    this.#lines.leave(flight)
    this.#deadLetters.push(flight)
  }

  #note (flight: Flight<T>, stage: string, code: FailureCode, detail: string): void {
    const lastAt = this.#options.clock.wallTime()
    flight.failure = { code, detail, stage, firstAt: flight.failure?.firstAt ?? lastAt, lastAt }
  }
}
