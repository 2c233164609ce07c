import t from 'tap'
import { RetryBudget } from '../../../src/engine/retry-budget.js'
import { ManualClock } from '../../helpers/manual-clock.js'

t.test('a tenth of the successes may be sent again', t => {
  const budget = new RetryBudget(new ManualClock())
  t.equal(budget.take(500), true, 'it begins full')
  t.equal(budget.take(1), false)
  budget.succeeded(100)
  t.equal(budget.take(10), true)
  t.equal(budget.take(1), false)
  t.end()
})

t.test('a trickle may always be tried again', t => {
  const clock = new ManualClock()
  const budget = new RetryBudget(clock)
  budget.take(500)
  clock.advance(1_000)
  t.equal(budget.take(5), true)
  t.equal(budget.take(1), false)
  t.end()
})

t.test('it saves no more than its capacity', t => {
  const clock = new ManualClock()
  const budget = new RetryBudget(clock)
  budget.succeeded(1_000_000)
  clock.advance(1_000_000)
  t.equal(budget.take(501), false)
  t.end()
})
