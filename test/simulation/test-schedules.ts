import { randomInt } from 'node:crypto'
import t from 'tap'
import { runSchedules, type Failure } from './run-schedules.js'
import { STATES } from './states.js'

/** Of 20,000; two files share them, so that both cores have work. */
const SCHEDULES = 10_000
/** Fewer need not reach every state. */
const ENOUGH_FOR_EVERY_STATE = 5_000

/**
 * Runs schedules as a test file of its own: `node dist/test/simulation/schedules-1.test.js [how many] [seed] [path]
 * [replay path]`. The last three are what a failure prints.
 */
export function testSchedules (title: string): void {
  const [schedules = String(SCHEDULES), seed = String(randomInt(2 ** 31)), path, replayPath] = process.argv.slice(2)
  // Whoever runs the file limits its time; how many schedules there are is a parameter.
  t.setTimeout(0)
  t.test(title, { timeout: 0 }, async t => {
    t.comment(`seed ${seed}, ${schedules} schedules`)
    const startedAt = performance.now()
    const { failure, reached } = await runSchedules(Number(schedules), {
      seed: Number(seed), ...(path === undefined ? {} : { path }), ...(replayPath === undefined ? {} : { replayPath })
    })
    if (failure !== undefined) {
      t.comment(describe(failure))
      t.fail(`seed ${failure.seed}: a promise is broken`)
      return
    }
    t.comment(`figures: ${schedules} schedules in ${Math.round((performance.now() - startedAt) / 1_000)} s`)
    for (const [state, times] of [...reached].sort(([a], [b]) => a.localeCompare(b))) t.comment(`${String(times).padStart(9)}  ${state}`)
    if (Number(schedules) >= ENOUGH_FOR_EVERY_STATE) t.same(STATES.filter(state => !reached.has(state)), [], 'every command and every state was reached')
    t.pass('every promise was kept')
  })
}

function describe ({ seed, path, replayPath, schedules, report }: Failure): string {
  return [
    `broken by schedule ${schedules} of seed ${seed}`,
    report,
    `as it was shrunk: node dist/test/simulation/schedules-1.test.js 1 ${seed} ${path ?? ''} '${replayPath ?? ''}'`,
    `as it was found:  node dist/test/simulation/schedules-1.test.js ${schedules} ${seed}`
  ].join('\n')
}
