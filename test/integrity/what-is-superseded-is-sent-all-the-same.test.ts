import t from 'tap'
import { DONE, type Outcome, transient } from '../../src/engine/outcome.js'
import { rig, TOPIC } from '../helpers/engine.js'

const FAILED: Outcome = transient('ENTRY_FAILED', 'planted')
const table = { coalesce: 'latest' as const, orderKey: () => 'one uid' }

t.test('records whose row a newer one has replaced go on to the next stage, in order', async t => {
  const { poll, first, last, clock, committable } = rig({ stages: [table, { batch: { maxRecords: 2 } }] })
  await poll(0, 0, 'a/1', 'a/1', 'a/1')
  await clock.pass(10)
  t.strictSame(first.sent, [[2]], 'one row for all')
  await first.last.settle()
  await clock.pass(10)
  t.strictSame(last.sent, [[0, 1]])
  t.equal(committable(), undefined, 'no offset passes with its row alone')
  await last.last.settle()
  await clock.pass(10)
  t.strictSame(last.sent, [[0, 1], [2]])
  await last.last.settle()
  t.equal(committable(), 3)
})

t.test('a record that was superseded by one that fails is stored and sent on its own', async t => {
  const { poll, first, last, clock, committable } = rig({ stages: [table, { answer: () => DONE }], retryQueue: null, limits: { retryInPlaceMs: 1e9 } })
  await poll(0, 0, 'a/1', 'a/1')
  await clock.pass(10)
  await first.last.settle(FAILED)
  first.answer = call => call.offsets.includes(1) ? FAILED : DONE
  await clock.pass(1_000)
  t.strictSame(last.sent, [[0]])
  t.equal(committable(), 1)
})

t.test('a drain awaits what was superseded in a call that had started', async t => {
  const { engine, poll, first, last, clock, committable } = rig({ stages: [table, {}] })
  await poll(0, 0, 'a/1', 'a/1')
  await clock.pass(10)
  const drained = engine.drain([{ topic: TOPIC, partition: 0 }], 5_000)
  await first.last.settle()
  await clock.pass(10)
  t.strictSame(last.sent, [[0, 1]])
  await last.last.settle()
  t.equal(await drained, true)
  t.equal(committable(), 2)
})
