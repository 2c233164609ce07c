import t from 'tap'
import { DONE, environment, transient } from '../../src/engine/outcome.js'
import { rig } from '../helpers/engine.js'

const FAILED = transient('ENTRY_FAILED', 'planted')
const oneLane = { batch: { maxRecords: 4 }, orderKey: () => 'one lane' }

t.test('the failed entries of a call are sent again alone, in order, before later records of their lane', async t => {
  const { poll, first, clock, counts } = rig({ stages: [oneLane] })
  await poll(0, 0, 'a', 'a', 'a', 'a', 'a', 'a')
  await first.last.settle([DONE, FAILED, DONE, FAILED])
  await clock.pass(10)
  t.strictSame(first.sent, [[0, 1, 2, 3], [1, 3]], 'without a backoff, and not topped up with 4 and 5')
  await first.last.settle([FAILED, DONE])
  t.equal(first.open.length, 0, 'what fails again waits, and its lane with it')
  await clock.pass(100)
  t.strictSame(first.last.offsets, [1])
  await first.last.settle()
  await clock.pass(10)
  t.strictSame(first.last.offsets, [4, 5])
  t.equal(counts.sums['overtaken'], 2, '2 passed before 1, and 3 did: both are counted')
})

t.test('another lane fills the call that a failed entry goes in', async t => {
  const { poll, first, clock } = rig({ stages: [{ batch: { maxRecords: 4 } }] })
  await poll(0, 0, 'a/x', 'a/x')
  await clock.pass(10)
  await first.last.settle([FAILED, DONE])
  await poll(0, 2, 'a/x', 'a/y')
  await clock.pass(100)
  t.strictSame(first.calls.slice(1).flatMap(call => call.offsets).sort(), [0, 3], 'but 2 waits')
})

t.test('entries that were not sent because the service was sick keep their place', async t => {
  const { poll, first, clock } = rig({ stages: [oneLane] })
  await poll(0, 0, 'a', 'a', 'a', 'a', 'a')
  await first.last.settle(environment('stage', 'THROTTLED', 'planted'))
  await clock.pass(1_000)
  t.strictSame(first.last.offsets, [0, 1, 2, 3])
})
