import { type Replay } from './run-schedules.js'

export interface RegressionSeed extends Replay {
  /** What was broken; a test of its own holds it for good. */
  readonly broke: string
  /** How many schedules of the seed it takes to get there. */
  readonly schedules: number
}

/**
 * Schedules that once broke a promise, run again with every run of the tests. A change of the commands or their weights
 * makes another schedule of the same seed, so each entry names a bug that has a test of its own as well.
 */
export const REGRESSION_SEEDS: readonly RegressionSeed[] = [
  {
    broke: 'a record was handed over, taken up to its end and read again, and the retry queue dropped its second hand-over: an older row was the last (test/faults/clock-repeated-hand-over.test.ts)',
    schedules: 1,
    seed: 192_009_854,
    path: '3900:9:6:4:0:2:0:11:4:5:5:73:10:46:5:52:53:50:3:3:5:4:47:2:1:43:55:56:62:67:67:74:83:80:79:82:86:2:100:71:72:72:72:73:73:73:73:73:73:73:74:74:74:74:74:76:76:76:76:77:77:62:72:72:72:72:72:73:74:74:74:74:74:74:73:73:73:73:73:73:73:73:74:74:74:74:74:75:77:77:77:77:77:77:77',
    replayPath: 'BABAKAAALAAAFABBABCAFAIABABAAADAAABABAAADAhACBDBAAAAHFBDGABAAAABACBBFAABABBAAACBCACCBACAKAABCABABADAABBBAAFBDBBBABAAJCAAIAAAAABDABABDAAADACABAABAyCJBAAICDBAAAAIA//////HA3A/3AjA///////////////////////Y:qqqqqqqqqqqqqqqqqqqqqqqqqqq/a9///D'
  }
]
