import t from 'tap'
import { simulate } from '../../helpers/simulation.js'

const SCHEDULES = Number(process.argv[2] ?? 1_000)
const FIRST_SEED = Number(process.argv[3] ?? 1)

t.test('every schedule keeps the invariants and comes to rest', async t => {
  const totals: Record<string, number> = {}
  for (let seed = FIRST_SEED; seed < FIRST_SEED + SCHEDULES; seed++) {
    const { problems, seen } = await simulate(seed)
    if (problems.length > 0) {
      t.fail(`seed ${seed}: ${problems[0]}`, { problems: problems.slice(0, 10) })
      return
    }
    for (const [name, count] of Object.entries(seen)) totals[name] = (totals[name] ?? 0) + count
  }
  t.comment(totals)
  for (const name of ['settled', 'deadLettered', 'handedOver', 'held', 'resumed', 'lateSettled', 'coalesced', 'postponed', 'attemptsExhausted', 'rebalances']) {
    t.ok((totals[name] ?? 0) > 0, `the schedules reach ${name}`)
  }
})
