import fc from 'fast-check'
import { type EngineLimits } from '../../src/engine/engine-options.js'

/** What a schedule starts from. The simplest value stands first: a failure shrinks towards it. */
export interface Configuration {
  /** Of the log's content and of the engine's random source. */
  readonly seed: number
  readonly partitions: number
  readonly recordsPerPartition: number
  /** Strict order has no retry queue and one entry of a lane per call. */
  readonly order: 'batch' | 'strict'
  readonly retryQueue: boolean
  /** Partitions are given and taken one by one, not all together. */
  readonly cooperative: boolean
  /** Nothing fails and no process dies, so nothing may be repeated at all. */
  readonly calm: boolean
  readonly callRecords: number
  readonly lingerMs: number
  readonly commitIntervalMs: number
  readonly revokeDrainMs: number
  readonly limits: Omit<EngineLimits, 'maxInFlightBytes' | 'replayShare' | 'backoffBaseMs' | 'backoffMaxMs' | 'gateSettleMs'>
}

/** The same in every schedule. */
export const FIXED_LIMITS = { maxInFlightBytes: 4_000, replayShare: 0.2, backoffBaseMs: 10, backoffMaxMs: 100, gateSettleMs: 200 } as const

export const configurations: fc.Arbitrary<Configuration> = fc.record({
  seed: fc.nat(0xffff),
  partitions: fc.constantFrom(1, 2, 3),
  recordsPerPartition: fc.integer({ min: 4, max: 30 }),
  order: fc.constantFrom('batch', 'batch', 'strict'),
  retryQueue: fc.constantFrom(true, true, true, false),
  cooperative: fc.boolean(),
  calm: fc.constantFrom(false, false, false, false, true),
  callRecords: fc.constantFrom(3, 1, 2, 10, 60, 60),
  lingerMs: fc.constantFrom(0, 0, 5),
  commitIntervalMs: fc.constantFrom(0, 100, 1_000),
  revokeDrainMs: fc.constantFrom(5_000, 300),
  limits: fc.record({
    maxInFlightRecords: fc.constantFrom(500, 500, 40, 12, 5),
    maxAttempts: fc.constantFrom(3, 1, 2, 5),
    retryInPlaceMs: fc.constantFrom(0, 50, 500),
    holdMaxMs: fc.constantFrom(500, 5_000),
    maxUncommittedSpan: fc.constantFrom(1_000, 12),
    maxPollSilenceMs: fc.constantFrom(Infinity, 1_000, 5_000)
  })
})
