import { type NamedTest } from './bug.js'

/** As many as its own suite runs. Most bugs are found within the first ten. */
const SCHEDULES = 20_000
/** Without a bug a few will do: all of them is what its own suite runs. */
const CONTROL_SCHEDULES = 200
/** The same schedules each time, so that what was found once is found again. */
const SEED = 1

/** Where the random schedules of the engine stand: patches name them `the simulation`. */
export const SIMULATION: NamedTest = {
  file: 'test/simulation/schedules-1.test.ts',
  title: 'The first half of the schedules keeps every promise and comes to rest',
  args: [String(SCHEDULES), String(SEED)],
  controlArgs: [String(CONTROL_SCHEDULES), String(SEED)],
  timeoutSeconds: 500
}
