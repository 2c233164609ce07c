import t from 'tap'
import { DONE, environment, poison, transient } from '../../src/engine/outcome.js'
import { clientOf, FakeReplay, rig } from '../helpers/engine.js'

t.test('after the last stage has taken it', async t => {
  const { engine, first, last, clock } = rig({ stages: [{}, {}] })
  const replay = new FakeReplay(7, 'a/1')
  engine.replay([replay])
  await clock.pass(10)
  await first.last.settle()
  await clock.pass(10)
  t.equal(replay.end, undefined)
  await last.last.settle()
  t.equal(replay.end, 'done')
  t.equal(engine.inFlight.replays, 0)
})

t.test('after it was sent to the retry queue again', async t => {
  const { engine, retryQueue, clock } = rig({ stages: [{ answer: () => transient('ENTRY_FAILED', 'planted') }], retryQueue: { answer: () => undefined } })
  const replay = new FakeReplay(7, 'a/1')
  engine.replay([replay])
  await clock.pass(5_000)
  t.equal(replay.end, undefined)
  await retryQueue.last.settle()
  t.equal(replay.end, 'done')
})

t.test('after its dead letter is written', async t => {
  const { engine, deadLetters, clock } = rig({ stages: [{ answer: () => poison('REFUSED', 'planted') }], deadLetters: { answer: () => undefined } })
  const replay = new FakeReplay(7, 'a/1')
  engine.replay([replay])
  await clock.pass(10)
  t.equal(replay.end, undefined)
  await deadLetters.last.settle()
  t.equal(replay.end, 'done')
})

t.test('a replay for a held queue goes back, is not deleted and frees its credit', async t => {
  const { engine, clock, counts } = rig({ stages: [{ batchKey: clientOf, answer: () => environment('key', 'NOT_FOUND', 'planted') }] })
  const replay = new FakeReplay(7, 'a/1')
  engine.replay([replay])
  await clock.pass(600)
  t.match(replay.end, { postponedMs: 30_000 })
  t.equal(engine.inFlight.replays, 0)
  t.strictSame([counts.sums['postponed'], counts.sums['settled']], [1, undefined], 'going back is no end')
})

t.test('a drain sends back what waits and awaits what is under way', async t => {
  const { engine, first, clock } = rig({ stages: [{ batch: { maxRecords: 1 }, concurrency: 1 }, { answer: () => DONE }] })
  const [under, way] = [new FakeReplay(1, 'a/1'), new FakeReplay(2, 'a/2')]
  engine.replay([under, way])
  await clock.pass(10)
  const drained = engine.drainReplays(1_000)
  t.match(way.end, { postponedMs: 0 })
  t.equal(under.end, undefined)
  t.equal(engine.replayAvailable, 0)
  await first.last.settle(transient('ENTRY_FAILED', 'planted'))
  t.match(under.end, { postponedMs: 0 }, 'what comes back from its call goes back too')
  t.equal(await drained, true)
})

t.test('a replay is never coalesced with other records of its key', async t => {
  const { engine, poll, first, clock } = rig({ stages: [{ coalesce: 'latest', answer: () => DONE }] })
  const replay = new FakeReplay(7, 'a/1')
  await poll(0, 10, 'a/1')
  engine.replay([replay])
  await poll(0, 11, 'a/1')
  await clock.pass(100)
  t.strictSame(first.sent, [[10], [7], [11]])
})
