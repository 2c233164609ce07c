import t from 'tap'
import { DONE, environment, transient } from '../../src/engine/outcome.js'
import { clientOf, FakeReplay, rig } from '../helpers/engine.js'

const MINUTE = 60_000
const UNANSWERED = transient('TIMEOUT', 'planted')
const GONE = environment('key', 'NOT_FOUND', 'planted')
const queue = { name: 'queues', forgetsAfterMs: 5 * MINUTE, batchKey: clientOf }
const limits = { retryInPlaceMs: 1e9, holdMaxMs: 1e9 }

t.test('a message sent again soon after a call without an answer is dropped by the queue, and not counted', async t => {
  const { poll, first, clock, counts } = rig({ stages: [queue], limits })
  await poll(0, 0, 'a/1')
  await clock.pass(10)
  await first.last.settle(UNANSWERED)
  await clock.pass(3 * MINUTE)
  await first.last.settle()
  t.equal(counts.sums['possibleDuplicates'], undefined)
})

t.test('one sent again more than 4 minutes later may be there twice', async t => {
  const { poll, first, clock, counts } = rig({ stages: [queue], limits })
  await poll(0, 0, 'a/1', 'a/2')
  await clock.pass(10)
  for (const call of [...first.open]) await call.settle([UNANSWERED])
  first.answer = () => GONE
  await clock.pass(6 * MINUTE)
  t.equal(counts.sums['possibleDuplicates'], undefined, 'a refusal adds no message')
  first.answer = () => DONE
  await poll(0, 2, 'a/3')
  await clock.pass(MINUTE)
  t.equal(counts.sums['settled'], 3)
  t.equal(counts.sums['possibleDuplicates'], 2, 'and the third was sent once')
})

t.test('calls that go on without an answer add one message every 4 minutes at most', async t => {
  const { poll, first, clock, counts } = rig({ stages: [queue], limits })
  await poll(0, 0, 'a/1')
  first.answer = () => UNANSWERED
  await clock.pass(13 * MINUTE)
  t.equal(counts.sums['possibleDuplicates'], 3)
})

t.test('a stage whose repetitions are harmless counts none', async t => {
  const { poll, first, clock, counts } = rig({ limits })
  first.answer = () => UNANSWERED
  await poll(0, 0, 'a/1')
  await clock.pass(10 * MINUTE)
  first.answer = () => DONE
  await clock.pass(MINUTE)
  t.strictSame([counts.sums['settled'], counts.sums['possibleDuplicates']], [1, undefined])
})

t.test('the time of the call survives the retry queue', async t => {
  const handing = rig({ stages: [queue], limits: { retryInPlaceMs: 0 } })
  await handing.poll(0, 0, 'a/1')
  await handing.clock.pass(10)
  await handing.first.last.settle(UNANSWERED)
  await handing.clock.pass(MINUTE)
  const unansweredAt = handing.retryQueue.calls[0]?.flights[0]?.unansweredAt
  t.strictSame(Object.keys(unansweredAt ?? {}), ['queues'])

  for (const [minutes, expected] of [[3, undefined], [5, 1]] as const) {
    const { engine, clock, counts } = rig({ stages: [{ ...queue, answer: () => DONE }] })
    await clock.pass(minutes * MINUTE)
    engine.replay([new FakeReplay(0, 'a/1', 1, unansweredAt)])
    await clock.pass(10)
    t.strictSame([counts.sums['settled'], counts.sums['possibleDuplicates']], [1, expected], `replayed after ${minutes} minutes`)
  }
})

t.test('a replay that goes back and returns is still known to have been sent', async t => {
  const { engine, first, clock, counts } = rig({ stages: [queue], limits })
  const replay = new FakeReplay(0, 'a/1')
  engine.replay([replay])
  await clock.pass(10)
  await first.last.settle(UNANSWERED)
  await clock.pass(1_000)
  first.answer = () => GONE
  await first.last.settle(GONE)
  await clock.pass(1_000)
  t.match(replay.end, { postponedMs: Number })
  await clock.pass(5 * MINUTE)
  first.answer = () => DONE
  engine.replay([new FakeReplay(0, 'a/1')])
  await clock.pass(MINUTE)
  t.strictSame([counts.sums['settled'], counts.sums['possibleDuplicates']], [1, 1])
})
