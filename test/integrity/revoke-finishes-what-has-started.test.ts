import t from 'tap'
import { DONE, environment, transient } from '../../src/engine/outcome.js'
import { turn } from '../helpers/manual-clock.js'
import { clientOf, FakeReplay, rig, TOPIC, type RigOptions } from '../helpers/engine.js'

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

/** The queue of client `a` is gone; a table stands before the queues. */
function withQueueGone (options: RigOptions = {}) {
  const GONE = environment('key', 'NOT_FOUND', 'planted')
  return rig({
    stages: [{ batch: { maxRecords: 1 } }, { batchKey: clientOf, batch: { lingerMs: 0 }, answer: call => call.flights[0]?.payload.client === 'a' ? GONE : DONE }],
    ...options
  })
}

t.test('what a queue is held for is handed over at once, so that the next owner repeats nothing', async t => {
  const { engine, poll, first, retryQueue, clock, committable } = withQueueGone()
  await poll(0, 0, 'a/1', 'b/2', 'a/3')
  await poll(1, 0, 'a/4')
  const [one, two, three, four] = first.calls
  for (const call of [one, two, four]) await call?.settle()
  await clock.pass(0)
  t.equal(committable(), undefined)
  const drained = engine.drain([PLACE], 5_000)
  await clock.pass(0)
  t.strictSame(retryQueue.sent, [[0]])
  await three?.settle()
  await clock.pass(0)
  t.strictSame(retryQueue.sent, [[0], [2]], 'and what arrives there during the drain')
  t.strictSame(retryQueue.calls.flatMap(call => call.flights.map(flight => flight.retryCount)), [0, 0], 'no attempt is burnt')
  t.equal(await drained, true)
  t.equal(clock.now(), 0, 'no time was spent on waiting')
  t.equal(committable(), 3)
  t.equal(committable(1), undefined, 'partitions that stay go on waiting')
})

t.test('a queue that is found to be gone during the drain holds it up no longer', async t => {
  const { engine, poll, first, retryQueue, clock } = withQueueGone()
  await poll(0, 0, 'a/1')
  const drained = engine.drain([PLACE], 5_000)
  await first.last.settle()
  await clock.pass(0)
  t.strictSame(retryQueue.sent, [[0]])
  t.equal(await drained, true)
})

for (const [what, retryQueue] of Object.entries({ 'no retry queue': null, 'a retry queue that is gone too': { answer: () => environment('key', 'NOT_FOUND', 'planted') } })) {
  t.test(`with ${what} the drain waits for the queue, and its end commits nothing of it`, async t => {
    const { engine, poll, first, clock, committable } = withQueueGone({ retryQueue })
    await poll(0, 0, 'a/1', 'b/2')
    for (const call of [...first.open]) await call.settle()
    const drained = engine.drain([PLACE], 5_000)
    await clock.pass(4_900)
    t.equal(committable(), undefined)
    await clock.pass(100)
    t.equal(await drained, false)
    t.equal(committable(), undefined)
    t.equal(engine.inFlight.records, 0)
  })
}

t.test('a drain that has no time hands nothing over', async t => {
  const { engine, poll, first, retryQueue, clock } = withQueueGone()
  await poll(0, 0, 'a/1')
  await first.last.settle()
  await clock.pass(0)
  t.equal(await engine.drain([PLACE], 0), false)
  await clock.pass(1_000)
  t.equal(retryQueue.calls.length, 0)
})

t.test('a replay for a held queue goes back at once when the process ends', async t => {
  const { engine, first, clock } = withQueueGone()
  const replay = new FakeReplay(7, 'a/1')
  engine.replay([replay])
  await clock.pass(10)
  await first.last.settle()
  await clock.pass(0)
  const drained = engine.drainReplays(5_000)
  t.match(replay.end, { postponedMs: 0 })
  t.equal(await drained, true)
})
