import t from 'tap'
import { Health } from '../../../src/service/health.js'

t.test('It is ready while no check is red, and says which are', async t => {
  const health = new Health()
  t.ok(health.ready)
  health.red('kafka', 'brokers away')
  health.red('pool', 'no worker starts')
  t.notOk(health.ready)
  t.same(health.problems, [{ check: 'kafka', reason: 'brokers away' }, { check: 'pool', reason: 'no worker starts' }])
  health.green('kafka')
  t.notOk(health.ready)
  health.green('pool')
  t.ok(health.ready)
})

t.test('Not being ready is no reason to be killed; being dead makes it not ready', async t => {
  const health = new Health()
  health.red('kafka', 'brokers away')
  t.ok(health.live)
  health.green('kafka')
  health.dead('fenced')
  t.notOk(health.live)
  t.notOk(health.ready)
  t.same(health.problems, [{ check: 'live', reason: 'fenced' }])
})

t.test('Each change is told once', async t => {
  const told: unknown[] = []
  const health = new Health((check, reason) => told.push([check, reason]))
  health.green('a')
  health.red('a', 'x')
  health.red('a', 'x')
  health.red('a', 'y')
  health.green('a')
  health.green('a')
  t.same(told, [['a', 'x'], ['a', 'y'], ['a', undefined]])
})
