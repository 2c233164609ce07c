import { type Replay } from './run-schedules.js'

export interface RegressionSeed extends Replay {
  /** What was broken, and by which commit it was mended. */
  readonly broke: string
  /** How many schedules of the seed it takes to get there. */
  readonly schedules: number
}

/**
 * Schedules that once broke a promise; they run again in each run of the tests. A change of the commands or of their
 * weights makes another schedule of the same seed: then the promise needs an integrity test, which every entry has.
 */
export const REGRESSION_SEEDS: readonly RegressionSeed[] = []
