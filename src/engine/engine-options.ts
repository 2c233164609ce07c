import { type FailureCode } from '../errors.js'
import { type BreakerPolicy } from './breaker.js'
import { type Clock } from './clock.js'
import { type Examiner } from './examiner.js'
import { type TopicPartition } from './intake.js'
import { type Incidents, type Observer } from './observer.js'
import { type Stage } from './stage.js'

export interface EngineOptions<T> {
  readonly examiner: Examiner<T>
  /**
   * What a record is split into, two or more, each on a road of its own: one per destination, say. It is settled when
   * all of them are, and at once when there are none. Not together with a retry queue, which holds whole records.
   */
  readonly branches?: ((payload: T) => readonly T[] | undefined) | undefined
  /** The road, in order. Every stage after the first is entered in the order of its lanes' source. */
  readonly stages: ReadonlyArray<Stage<T>>
  /** Writes `flight.failure` and the record. Never answers poison: what does not fit is truncated. */
  readonly deadLetters: Stage<T>
  /** Hands a record over to the retry queue. Without it every record stays in place until it passes or is rejected. */
  readonly retryQueue: Stage<T> | undefined
  readonly clock: Clock
  readonly random: () => number
  readonly observer: Observer
  readonly incidents: Incidents
  readonly limits: EngineLimits
}

export interface EngineLimits {
  readonly maxInFlightRecords: number
  readonly maxInFlightBytes: number
  /** The part of the credit that is kept for replays, 0 to 1. */
  readonly replayShare: number
  /** Passes in all, the first included. */
  readonly maxAttempts: number
  /** How long one pass may go on failing in place. 0: every failure is a pass, so that `maxAttempts` counts sends. */
  readonly retryInPlaceMs: number
  readonly backoffBaseMs: number
  readonly backoffMaxMs: number
  /** How long a batch key is held before its records are handed to the retry queue. */
  readonly holdMaxMs: number
  readonly maxUncommittedSpan: number
  /** Polls further apart than this close the dispatch gate, for `gateSettleMs` after the next one. */
  readonly maxPollSilenceMs: number
  readonly gateSettleMs: number
  /** `DEFAULT_BREAKER` when absent. */
  readonly breaker?: BreakerPolicy
}

export interface PartitionStatus extends TopicPartition {
  readonly epoch: number
  readonly watermark: number
  readonly highestPolled: number
  readonly unsettled: number
  readonly unsettledBytes: number
  readonly span: number
  /** ms since the oldest unsettled record was polled; 0 when there is none. */
  readonly oldestAgeMs: number
  /** Its own timestamp, ms since 1970; -1 when there is none. */
  readonly oldestTimestamp: number
}

export interface HoldStatus {
  readonly stage: string
  readonly key: string
  readonly scope: 'stage' | 'key'
  readonly code: FailureCode
  readonly detail: string
  readonly heldMs: number
  readonly waiting: number
}
