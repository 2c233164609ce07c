import { type NamedTest } from './bug.js'

const SCHEDULES = 20_000
/** Enough to reach every state that the simulation wants to have reached; all of them is what its own suite runs. */
const CONTROL_SCHEDULES = 1_000
/** The same schedules each time, so that a bug is found again. */
const SEED = 1

/** Where the random schedules of the engine stand: patches name them `the simulation`. */
export const SIMULATION: NamedTest = {
  file: 'test/unit/engine/simulation.test.ts',
  title: 'every schedule keeps the invariants and comes to rest',
  args: [String(SCHEDULES), String(SEED)],
  controlArgs: [String(CONTROL_SCHEDULES), String(SEED)],
  timeoutSeconds: 400
}
