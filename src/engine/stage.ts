import { type Flight } from './flight.js'
import { type Outcome, type Poison } from './outcome.js'

/**
 * One step on a record's road that talks to one system. `T` is what the pipeline knows about the record.
 * A stage batches nothing, retries nothing and orders nothing: the engine does, by what the stage declares here.
 */
export interface Stage<T> {
  readonly name: string
  readonly batch: BatchPolicy
  /** Calls in flight per batch key. */
  readonly concurrency: number
  /** Records of different batch keys never share a call: one queue, one table. Same key for all when absent. */
  batchKey? (flight: Flight<T>): string
  /** The lane: records of one lane are never in two calls in flight, and leave in the order they came. */
  orderKey (flight: Flight<T>): string
  /** Most entries of one lane in one call. Without it a call may be filled from one lane. */
  readonly maxPerLane?: number
  /** `latest`: of records waiting in one lane only the newest is sent, and the older take its outcome if it is done. */
  readonly coalesce?: 'latest'
  /** How long the system drops repetitions of a message. Without it a repetition is harmless at any time. */
  readonly forgetsAfterMs?: number
  /** Looks at a record before it joins a lane: one that the system could never take must not spoil its neighbours' call. */
  check? (flight: Flight<T>): Poison | undefined
  /** What this record adds to a call, in bytes. */
  bytes (flight: Flight<T>): number
  /**
   * One call. Resolves with exactly one outcome per record, in order; a rejection counts as an error of an unknown
   * kind for all of them. When `signal` aborts, the call gives up and says so as transient `ABORTED`. The signal serves
   * many calls, one after the other: whoever listens to it stops listening when the call ends.
   */
  run (batch: ReadonlyArray<Flight<T>>, signal: AbortSignal): Promise<readonly Outcome[]>
}

export interface BatchPolicy {
  readonly maxRecords: number
  readonly maxBytes: number
  /** How long a lane that could go waits for company, in ms. Its time in a call before does not count. */
  readonly lingerMs: number
}
