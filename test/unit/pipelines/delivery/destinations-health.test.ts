import t from 'tap'
import { DestinationsHealth } from '../../../../src/pipelines/delivery/destinations-health.js'
import { Health } from '../../../../src/service/health.js'

function rig (alone: boolean) {
  const health = new Health()
  const all = new DestinationsHealth(health, { destinations: 2, alone })
  return { health, a: all.of('a'), b: all.of('b') }
}

t.test('what hinders this process is a check of the destination, by the first reason that is left', async t => {
  const { health, a } = rig(false)
  a.red('kafka', 'connecting')
  a.red('dead-letters', 'they wait')
  t.strictSame(health.problems, [{ check: 'destination a', reason: 'connecting' }])
  a.green('kafka')
  t.strictSame(health.problems, [{ check: 'destination a', reason: 'dead-letters: they wait' }])
  a.green('dead-letters')
  t.equal(health.ready, true)
})

t.test('a sick destination is no reason against the process, even if all are, while it accepts events', async t => {
  const { health, a, b } = rig(false)
  for (const each of [a, b]) {
    each.red('stages', 'it is held')
    each.red('partitions', 'a record does not settle')
  }
  t.equal(health.ready, true)
})

t.test('a process that does nothing but deliver is not ready when all its destinations are held', async t => {
  const { health, a, b } = rig(true)
  a.red('stages', 'it is held')
  a.red('stages', 'it is still held')
  t.equal(health.ready, true)
  b.red('stages', 'it is held')
  t.strictSame(health.problems, [{ check: 'destinations', reason: 'all of them are held' }])
  a.green('stages')
  t.equal(health.ready, true)
})

t.test('one that only a restart helps has the process restarted', async t => {
  const { health, a } = rig(false)
  a.dead('no poll has come back')
  t.equal(health.live, false)
  t.match(health.problems, [{ check: 'live', reason: 'a: no poll has come back' }, { check: 'destination a', reason: 'live: no poll has come back' }])
})
