import { type Flight } from '../../src/engine/flight.js'
import { type Outcome, type Poison } from '../../src/engine/outcome.js'
import { type BatchPolicy, type Stage } from '../../src/engine/stage.js'
import { type Delivery } from './deliveries.js'
import { type LogRecord } from './log.js'

/** What the simulated road knows of a record. */
export interface Parcel {
  readonly record: LogRecord
}

export type StageName = 'table' | 'queues' | 'dead letters' | 'retry queue'

/** A call that has left the process. It ends when and how the schedule says, or never. */
export class WireCall {
  readonly stage: WireStage
  readonly key: string
  readonly flights: ReadonlyArray<Flight<Parcel>>
  readonly signal: AbortSignal
  readonly answer: (outcomes: readonly Outcome[]) => void
  readonly fail: (reason: unknown) => void
  deliveries: readonly Delivery[] = []
  /** By entry: older deliveries that take its outcome. */
  represented: ReadonlyArray<readonly Delivery[]> = []
  lanes: readonly string[] = []
  /** By entry: what it was as it left. */
  written: ReadonlyArray<{ readonly attempts: number, readonly code: string, readonly late: boolean, readonly handOverId: string }> = []
  /** Answered only once everything has healed. */
  hangs = false

  constructor (stage: WireStage, flights: ReadonlyArray<Flight<Parcel>>, signal: AbortSignal, answer: WireCall['answer'], fail: WireCall['fail']) {
    this.stage = stage
    this.flights = flights
    this.signal = signal
    this.answer = answer
    this.fail = fail
    const [first] = flights
    this.key = first === undefined ? '' : stage.batchKey?.(first) ?? stage.name
  }
}

export interface WireStageOptions {
  readonly name: StageName
  readonly batch: BatchPolicy
  readonly concurrency: number
  readonly batchKey?: (flight: Flight<Parcel>) => string
  readonly orderKey: (flight: Flight<Parcel>) => string
  readonly maxPerLane?: number
  readonly coalesce?: 'latest'
  readonly check?: (flight: Flight<Parcel>) => Poison | undefined
  readonly left: (call: WireCall) => void
}

/** A stage whose calls go out to the schedule. */
export class WireStage implements Stage<Parcel> {
  readonly name: StageName
  readonly batch: BatchPolicy
  readonly concurrency: number
  readonly batchKey?: (flight: Flight<Parcel>) => string
  readonly orderKey: (flight: Flight<Parcel>) => string
  readonly maxPerLane?: number
  readonly coalesce?: 'latest'
  readonly check?: (flight: Flight<Parcel>) => Poison | undefined
  readonly #left: (call: WireCall) => void

  constructor (options: WireStageOptions) {
    this.name = options.name
    this.batch = options.batch
    this.concurrency = options.concurrency
    this.orderKey = options.orderKey
    this.#left = options.left
    if (options.batchKey !== undefined) this.batchKey = options.batchKey
    if (options.maxPerLane !== undefined) this.maxPerLane = options.maxPerLane
    if (options.coalesce !== undefined) this.coalesce = options.coalesce
    if (options.check !== undefined) this.check = options.check
  }

  /** Lanes of different batch keys have nothing to do with each other. */
  laneOf (flight: Flight<Parcel>): string {
    return this.batchKey === undefined ? this.orderKey(flight) : `${this.batchKey(flight)} ${this.orderKey(flight)}`
  }

  bytes (flight: Flight<Parcel>): number {
    return flight.bytes
  }

  async run (flights: ReadonlyArray<Flight<Parcel>>, signal: AbortSignal): Promise<readonly Outcome[]> {
    return await new Promise((resolve, reject) => { this.#left(new WireCall(this, flights, signal, resolve, reject)) })
  }
}
