import t from 'tap'
import { DONE, environment, transient } from '../../../src/engine/outcome.js'
import { clientOf, rig } from '../../helpers/engine.js'

t.test('no more calls are in flight than the stage allows, per key', async t => {
  const { poll, first } = rig({ stages: [{ batch: { maxRecords: 1 }, concurrency: 2, batchKey: clientOf }] })
  await poll(0, 0, 'a/1', 'a/2', 'a/3', 'b/1', 'b/2', 'b/3')
  t.strictSame(first.sent, [[0], [1], [3], [4]])
  await first.calls[0]?.settle()
  t.strictSame(first.sent.at(-1), [2])
})

t.test('a batch waits for company no longer than its linger', async t => {
  const { poll, first, clock } = rig({ stages: [{ batch: { lingerMs: 10 } }] })
  await poll(0, 0, 'a/1')
  await clock.pass(5)
  await poll(0, 1, 'a/2')
  await clock.pass(4)
  t.equal(first.calls.length, 0)
  await clock.pass(1)
  t.strictSame(first.sent, [[0, 1]])
})

t.test('a stage that answers for too few records has answered for none', async t => {
  const { poll, first, clock, committable } = rig({ stages: [{ answer: () => [] }] })
  await poll(0, 0, 'a/1', 'a/2')
  await clock.pass(20)
  t.equal(committable(), undefined)
  first.answer = () => DONE
  await clock.pass(1_000)
  t.equal(committable(), 2)
})

for (const reason of [new Error('planted'), undefined, {}, 'text']) {
  t.test(`a call that rejects with ${String(reason)} is tried again`, async t => {
    const { poll, first, clock, committable } = rig({ stages: [{}] })
    await poll(0, 0, 'a/1')
    await clock.pass(10)
    await first.last.reject(reason)
    first.answer = () => DONE
    await clock.pass(1_000)
    t.equal(committable(), 1)
  })
}

t.test('what failed together goes again together', async t => {
  const { poll, first, clock } = rig({ stages: [{}] })
  await poll(0, 0, 'a/1', 'a/2', 'a/3')
  await clock.pass(10)
  await first.last.settle(transient('TIMEOUT', 'planted'))
  await clock.pass(100)
  t.strictSame(first.sent, [[0, 1, 2], [0, 1, 2]])
})

t.test('a held channel sends one probe at a time, and all again once one has passed', async t => {
  const { poll, first, clock } = rig({ stages: [{ batch: { maxRecords: 1 }, concurrency: 3 }] })
  await poll(0, 0, 'a/1', 'a/2', 'a/3', 'a/4', 'a/5')
  await first.calls[0]?.settle(environment('stage', 'THROTTLED', 'planted'))
  await clock.pass(10_000)
  t.equal(first.open.length, 2, 'no probe while older calls are under way')
  await first.calls[1]?.settle()
  await first.calls[2]?.settle()
  await clock.pass(10_000)
  t.equal(first.open.length, 1, 'one probe')
  await first.last.settle()
  t.equal(first.open.length, 2, 'the rest, no longer one by one')
})

t.test('while the cause of failing calls is unknown, probes carry one record, of another lane each time', async t => {
  const { poll, first, clock } = rig({ stages: [{ batch: { maxRecords: 3 }, answer: () => transient('TIMEOUT', 'planted') }], limits: { retryInPlaceMs: 1e9 } })
  await poll(0, 0, 'a/1', 'a/2', 'a/3')
  await clock.pass(3_000)
  const probes = first.sent.filter(offsets => offsets.length === 1)
  t.ok(probes.length >= 3)
  t.equal(new Set(probes.flat()).size, 3)
})

t.test('a held channel with nothing ready sets no timers', async t => {
  const { poll, first, clock } = rig({ stages: [{ batch: { maxRecords: 1 }, concurrency: 1 }] })
  await poll(0, 0, 'a/1')
  await first.last.settle(environment('stage', 'THROTTLED', 'planted'))
  await clock.pass(10_000)
  t.equal(first.open.length, 1)
  t.equal(clock.pending, 1, 'but that of the holds')
})

t.test('closed, a channel sends nothing, settles nothing and leaves no timer behind', async t => {
  const { engine, poll, first, clock, committable, counts } = rig({ stages: [{ batch: { maxRecords: 1 } }] })
  await poll(0, 0, 'a/1', 'a/2', 'a/3')
  const [one, two, three] = first.calls
  await one?.settle(transient('ENTRY_FAILED', 'planted'))
  engine.shutDown()
  t.equal(two?.signal.aborted, true)
  await two?.settle()
  await three?.settle(transient('ABORTED', 'given up'))
  await clock.pass(60_000)
  t.strictSame([first.calls.length, committable(), counts.told['settled'], clock.pending], [3, undefined, undefined, 0])
})

t.test('a call that was given up says nothing to the next', async t => {
  const { engine, poll, first, clock } = rig({ stages: [{ batch: { maxRecords: 1 }, concurrency: 1 }] })
  await poll(0, 0, 'a/1')
  await poll(1, 0, 'b/1')
  engine.close([{ topic: 'parcels', partition: 0 }])
  t.ok(first.calls[0]?.signal.aborted)
  await first.calls[0]?.settle(transient('ABORTED', 'given up'))
  await clock.pass(100)
  t.strictSame(first.last.partitions, [1])
  t.notOk(first.last.signal.aborted)
})
