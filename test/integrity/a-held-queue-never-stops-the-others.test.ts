import t from 'tap'
import { DONE, environment, poison } from '../../src/engine/outcome.js'
import { clientOf, rig, type RigOptions } from '../helpers/engine.js'

const GONE = environment('key', 'NOT_FOUND', 'planted')

function withGone (clients: readonly string[], options: RigOptions = {}) {
  return rig({
    stages: [{ answer: () => DONE }, { batchKey: clientOf, answer: call => clients.includes(call.flights[0]?.payload.client ?? '') ? GONE : DONE }],
    ...options
  })
}

t.test('while one queue is gone the others are served', async t => {
  const { poll, last, clock, engine } = withGone(['a'])
  await poll(0, 0, 'a/1', 'b/1', 'a/2', 'c/1', 'b/2')
  await clock.pass(1_000)
  t.strictSame(last.calls.flatMap(call => call.flights.filter(flight => flight.settled).map(flight => flight.offset)).sort(), [1, 3, 4])
  t.strictSame(engine.holds().map(({ key, scope }) => [key, scope]), [['a', 'key']])
  t.ok(engine.available > 0, 'the intake goes on')
})

t.test('what is held for too long is handed over without burning an attempt, and its offset passes', async t => {
  const { poll, retryQueue, clock, committable } = withGone(['a'])
  await poll(0, 0, 'a/1', 'b/1', 'a/2')
  await clock.pass(9_000)
  t.equal(committable(), undefined)
  await clock.pass(2_000)
  t.strictSame(retryQueue.sent.flat(), [0, 2])
  t.strictSame(retryQueue.calls.flatMap(call => call.flights.map(flight => flight.retryCount)), [0, 0])
  t.equal(committable(), 3)
})

t.test('held queues that together fill the credit are handed over before they stop the others', async t => {
  for (const limits of [{ maxInFlightRecords: 60, holdMaxMs: 1e9 }, { maxInFlightBytes: 300, holdMaxMs: 1e9 }]) {
    const { poll, engine, clock } = withGone(['a', 'b', 'c'], { limits: { ...limits, replayShare: 0 } })
    let next = 0
    for (let round = 0; round < 30; round++) {
      const values = ['a/1', 'b/1', 'c/1', 'd/1'].slice(0, engine.available)
      await poll(0, next, ...values)
      next += values.length
      await clock.pass(600)
    }
    t.equal(next, 120, 'every round had credit')
  }
})

t.test('a used-up span of offsets has held records handed over', async t => {
  const { poll, engine, clock } = withGone(['a'], { limits: { maxUncommittedSpan: 10, holdMaxMs: 1e9 } })
  await poll(0, 0, 'a/1', ...Array.from({ length: 12 }, () => 'b/1'))
  await clock.pass(100)
  t.equal(engine.blocked().length, 1)
  await clock.pass(600)
  t.equal(engine.blocked().length, 0)
})

t.test('records are not handed over to a retry queue that is held itself', async t => {
  const { poll, retryQueue, last, clock, committable } = withGone(['a'], { retryQueue: { batchKey: () => 'retry', answer: () => GONE } })
  await poll(0, 0, 'a/1')
  await clock.pass(11_000)
  await poll(0, 1, 'a/2')
  await clock.pass(11_000)
  t.strictSame([...new Set(retryQueue.sent.flat())], [0])
  last.answer = () => DONE
  await clock.pass(10_000)
  t.ok(last.calls.at(-1)?.flights.every(flight => flight.settled), 'what stayed went on when its queue came back')
  retryQueue.answer = () => DONE
  await clock.pass(10_000)
  t.equal(committable(), 2)
})

t.test('what the retry queue refuses stays held, and is never dead-lettered for it', async t => {
  const { poll, last, retryQueue, deadLetters, clock, committable } = withGone(['a'], { retryQueue: { answer: () => poison('REFUSED', 'planted') } })
  await poll(0, 0, 'a/1')
  await clock.pass(60_000)
  t.strictSame([retryQueue.calls.length, deadLetters.calls.length], [1, 0])
  last.answer = () => DONE
  await clock.pass(10_000)
  t.equal(committable(), 1)
})

t.test('without a retry queue they wait in place', async t => {
  const { poll, last, clock, committable } = withGone(['a'], { retryQueue: null })
  await poll(0, 0, 'a/1', 'b/1')
  await clock.pass(60_000)
  t.equal(committable(), undefined)
  last.answer = () => DONE
  await clock.pass(10_000)
  t.equal(committable(), 2)
})

t.test('a held stage pauses the intake, but never for good', async t => {
  const { poll, first, engine, clock } = rig({ stages: [{ batch: { maxRecords: 2 }, answer: () => environment('stage', 'THROTTLED', 'planted') }] })
  await poll(0, 0, 'a/1', 'a/2', 'a/3')
  await clock.pass(1_000)
  t.equal(engine.available, 0)
  engine.close([{ topic: 'parcels', partition: 0 }])
  t.ok(engine.available > 0, 'with nothing left to probe with, records are taken again')
  first.answer = () => DONE
  engine.open({ topic: 'parcels', partition: 1 })
  await poll(1, 0, 'a/1')
  await clock.pass(10_000)
  t.equal(engine.holds().length, 0)
})
