import { type Replay } from './run-schedules.js'

export interface RegressionSeed extends Replay {
  /** What was broken; its integrity test holds it for good. */
  readonly broke: string
  /** How many schedules of the seed it takes to get there. */
  readonly schedules: number
}

/**
 * Schedules that once broke a promise, run again with every run of the tests. A change of the commands or their weights
 * makes another schedule of the same seed, so each entry names a bug that has an integrity test as well.
 */
export const REGRESSION_SEEDS: readonly RegressionSeed[] = []
