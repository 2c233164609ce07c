import t from 'tap'
import { transient } from '../../src/engine/outcome.js'
import { turn } from '../helpers/manual-clock.js'
import { rig, TOPIC } from '../helpers/engine.js'

const PLACE = { topic: TOPIC, partition: 0 }
const stages = [{ batch: { maxRecords: 2 }, concurrency: 1 }, { batch: { maxRecords: 2, lingerMs: 0 } }]

t.test('what has not started is dropped, what has is finished, and the watermark lies between', async t => {
  const { engine, poll, first, last, clock, committable } = rig({ stages })
  await poll(0, 0, 'a/1', 'a/2', 'a/3', 'a/4')
  const drained = engine.drain([PLACE], 5_000)
  t.equal(engine.inFlight.records, 2)
  await poll(0, 4, 'a/5')
  t.equal(engine.inFlight.records, 2, 'nothing new is taken')
  await first.last.settle()
  await clock.pass(0)
  t.strictSame(last.last.offsets, [0, 1])
  await last.last.settle()
  t.equal(await drained, true)
  t.equal(committable(), 2)
  t.equal(first.calls.length, 1, 'the dropped were not sent')
  t.equal(clock.pending, 1, 'of all timers only the one that tends holds is left')
})

t.test('at the deadline calls are given up, nothing is sent again, and the watermark stays below', async t => {
  const { engine, poll, first, clock, committable, counts } = rig({ stages: [{ batch: { maxRecords: 1 }, concurrency: 10 }] })
  await poll(0, 0, 'a/1', 'a/2', 'a/3')
  const drained = engine.drain([PLACE], 5_000)
  const [one, two, three] = first.calls
  await one?.settle()
  await three?.settle()
  await clock.pass(5_000)
  t.equal(await drained, false)
  t.equal(two?.signal.aborted, true)
  await two?.settle(transient('ABORTED', 'given up'))
  await clock.pass(60_000)
  t.equal(first.calls.length, 3)
  t.equal(committable(), 1, 'still to be committed')
  t.equal(engine.inFlight.records, 0)
  t.equal(counts.told['settled'], 2)
})

t.test('a drain that is cut from outside ends at once', async t => {
  const { engine, poll } = rig({ stages })
  const cut = new AbortController()
  await poll(0, 0, 'a/1', 'a/2')
  const drained = engine.drain([PLACE], 5_000, cut.signal)
  cut.abort()
  t.equal(await drained, false)
})

t.test('a drain that waits is told when its partition is lost', async t => {
  const { engine, poll } = rig({ stages })
  await poll(0, 0, 'a/1', 'a/2')
  const drained = engine.drain([PLACE], 5_000)
  engine.close([PLACE])
  await turn()
  t.equal(await Promise.race([drained, turn().then(() => 'still waiting')]), true)
})

t.test('other partitions go on', async t => {
  const { engine, poll, first, clock } = rig({ stages: [{ batch: { maxRecords: 1 }, concurrency: 1 }] })
  await poll(0, 0, 'a/1', 'a/2')
  await poll(1, 0, 'a/3')
  const drained = engine.drain([PLACE], 5_000)
  await first.last.settle()
  t.equal(await drained, true)
  await clock.pass(10)
  t.strictSame(first.last.partitions, [1])
})
