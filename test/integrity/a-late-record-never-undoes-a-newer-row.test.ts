import t from 'tap'
import { DONE, poison, transient } from '../../src/engine/outcome.js'
import { rig } from '../helpers/engine.js'

t.test('a record that the retry queue refuses comes late: it is written under a condition, and stands for no newer one', async t => {
  const { poll, first, clock, retryQueue, committable } = rig({
    stages: [{ coalesce: 'latest', answer: call => call.offsets.includes(0) && !call.flights.some(({ late }) => late) ? transient('ENTRY_FAILED', 'planted') : DONE }],
    retryQueue: { answer: () => undefined },
    limits: { retryInPlaceMs: 0 }
  })
  await poll(0, 0, 'a/1')
  await clock.pass(100)
  t.strictSame(retryQueue.last.offsets, [0], 'it is on its way to the retry queue')
  first.answer = () => undefined
  await poll(0, 1, 'a/1')
  await clock.pass(100)
  t.strictSame(first.last.offsets, [1], 'its successor goes on')
  await poll(0, 2, 'a/1')
  await retryQueue.last.settle(poison('REFUSED', 'planted'))
  await first.last.settle()
  await clock.pass(100)
  t.strictSame(first.last.flights.map(({ offset, late, superseded }) => [offset, late, superseded?.length]), [[2, false, undefined]])
  await first.last.settle()
  await clock.pass(100)
  t.strictSame(first.last.flights.map(({ offset, late }) => [offset, late]), [[0, true]])
  await first.last.settle()
  t.equal(committable(), 3)
})
