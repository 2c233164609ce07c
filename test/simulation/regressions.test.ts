import t from 'tap'
import { REGRESSION_SEEDS } from './regression-seeds.js'
import { runSchedules } from './run-schedules.js'

t.test('A schedule whose outcome is known runs the same way twice', async t => {
  const [once, again] = [await runSchedules(20, { seed: 1 }), await runSchedules(20, { seed: 1 })]
  t.same([...once.reached], [...again.reached], 'a seed names its schedules')
  t.equal(once.failure, undefined)
})

for (const { broke, schedules, ...replay } of REGRESSION_SEEDS) {
  t.test(`Seed ${replay.seed} breaks no longer: ${broke}`, async t => {
    const { failure } = await runSchedules(schedules, replay)
    t.equal(failure?.report, undefined)
  })
}
