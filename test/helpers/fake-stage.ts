import { type Flight } from '../../src/engine/flight.js'
import { DONE, type Outcome, type Poison } from '../../src/engine/outcome.js'
import { type BatchPolicy, type Stage } from '../../src/engine/stage.js'
import { turn } from './manual-clock.js'

export interface FakeStageOptions<T> {
  readonly name?: string
  readonly batch?: Partial<BatchPolicy>
  readonly concurrency?: number
  readonly batchKey?: (flight: Flight<T>) => string
  readonly orderKey?: (flight: Flight<T>) => string
  readonly maxPerLane?: number
  readonly coalesce?: 'latest'
  readonly forgetsAfterMs?: number
  readonly check?: (flight: Flight<T>) => Poison | undefined
  readonly bytes?: (flight: Flight<T>) => number
  /** Answers every call at once by itself; without it the test settles each call by hand. */
  readonly answer?: (call: FakeCall<T>) => readonly Outcome[] | Outcome | undefined
}

/** A call that a stage has under way. The test says how and when it ends. */
export class FakeCall<T> {
  readonly flights: ReadonlyArray<Flight<T>>
  readonly offsets: readonly number[]
  readonly partitions: readonly number[]
  /** As they left: a flight forgets its own when it is settled. */
  readonly payloads: readonly T[]
  readonly signal: AbortSignal
  readonly #resolve: (outcomes: readonly Outcome[]) => void
  readonly #reject: (reason: unknown) => void
  ended = false

  constructor (flights: ReadonlyArray<Flight<T>>, signal: AbortSignal, resolve: (outcomes: readonly Outcome[]) => void, reject: (reason: unknown) => void) {
    this.flights = flights
    this.offsets = flights.map(flight => flight.offset)
    this.partitions = flights.map(flight => flight.record.partition)
    this.payloads = flights.map(flight => flight.payload)
    this.signal = signal
    this.#resolve = resolve
    this.#reject = reject
  }

  /** Ends with one outcome for all, or with one each. */
  end (outcomes: readonly Outcome[] | Outcome = DONE): void {
    this.ended = true
    this.#resolve('class' in outcomes ? this.flights.map(() => outcomes) : outcomes)
  }

  /** Ends as `end` does, and lets the engine take note. */
  async settle (outcomes: readonly Outcome[] | Outcome = DONE): Promise<void> {
    this.end(outcomes)
    await turn()
  }

  async reject (reason: unknown): Promise<void> {
    this.ended = true
    this.#reject(reason)
    await turn()
  }
}

/** A stage that remembers its calls and ends them as the test says. */
export class FakeStage<T> implements Stage<T> {
  readonly name: string
  readonly batch: BatchPolicy
  readonly concurrency: number
  readonly batchKey?: (flight: Flight<T>) => string
  readonly orderKey: (flight: Flight<T>) => string
  readonly maxPerLane?: number
  readonly coalesce?: 'latest'
  readonly forgetsAfterMs?: number
  readonly check?: (flight: Flight<T>) => Poison | undefined
  readonly bytes: (flight: Flight<T>) => number
  readonly calls: Array<FakeCall<T>> = []
  answer: FakeStageOptions<T>['answer']

  constructor (options: FakeStageOptions<T> = {}) {
    this.name = options.name ?? 'fake'
    this.batch = { maxRecords: 10, maxBytes: 1_000_000, lingerMs: 10, ...options.batch }
    this.concurrency = options.concurrency ?? 4
    this.orderKey = options.orderKey ?? (flight => String(flight.record.partition))
    this.bytes = options.bytes ?? (flight => flight.bytes)
    this.answer = options.answer
    if (options.batchKey !== undefined) this.batchKey = options.batchKey
    if (options.maxPerLane !== undefined) this.maxPerLane = options.maxPerLane
    if (options.coalesce !== undefined) this.coalesce = options.coalesce
    if (options.forgetsAfterMs !== undefined) this.forgetsAfterMs = options.forgetsAfterMs
    if (options.check !== undefined) this.check = options.check
  }

  async run (flights: ReadonlyArray<Flight<T>>, signal: AbortSignal): Promise<readonly Outcome[]> {
    return await new Promise((resolve, reject) => {
      const call = new FakeCall<T>(flights, signal, resolve, reject)
      this.calls.push(call)
      const outcomes = this.answer?.(call)
      if (outcomes !== undefined) call.end(outcomes)
    })
  }

  /** Calls that have not ended. */
  get open (): Array<FakeCall<T>> {
    return this.calls.filter(call => !call.ended)
  }

  /** The offsets of each call so far. */
  get sent (): Array<readonly number[]> {
    return this.calls.map(call => call.offsets)
  }

  /** The last call that has not ended. */
  get last (): FakeCall<T> {
    const call = this.open.at(-1)
    if (call === undefined) throw new Error(`${this.name} has no call under way`)
    return call
  }
}
