import t from 'tap'
import { DONE, poison, transient } from '../../src/engine/outcome.js'
import { FakeReplay, rig } from '../helpers/engine.js'

const FAILED = transient('ENTRY_FAILED', 'planted')
const limits = { maxAttempts: 3, retryInPlaceMs: 500 }

t.test('a pass fails in place for its time, then goes to the retry queue with its count', async t => {
  const { poll, first, retryQueue, clock, counts, committable } = rig({ stages: [{ answer: () => FAILED }], limits })
  await poll(0, 0, 'a/1')
  await clock.pass(400)
  t.equal(retryQueue.calls.length, 0)
  await clock.pass(1_000)
  t.ok(first.calls.length > 5, 'it was tried several times')
  t.equal(retryQueue.calls[0]?.flights[0]?.retryCount, 1)
  t.equal(counts.sums['handedOver'], 1)
  t.equal(committable(), 1)
})

t.test('each pass counts one, and the last ends in the dead letters', async t => {
  const { engine, first, retryQueue, deadLetters, failures, clock } = rig({ stages: [{ answer: () => FAILED }], limits })
  const second = new FakeReplay(0, 'a/1', 1)
  engine.replay([second])
  await clock.pass(2_000)
  t.equal(retryQueue.calls[0]?.flights[0]?.retryCount, 2)
  t.equal(second.end, 'done')
  const third = new FakeReplay(0, 'a/1', 2)
  engine.replay([third])
  await clock.pass(2_000)
  t.equal(failures.get(0)?.code, 'ATTEMPTS_EXHAUSTED')
  t.match(failures.get(0)?.detail, 'ENTRY_FAILED')
  t.equal(deadLetters.calls[0]?.flights[0]?.attempts, 3)
  t.equal(third.end, 'done')
  t.equal(first.open.length, 0)
})

t.test('in strict order all passes happen in place, and the lane waits meanwhile', async t => {
  const { poll, first, failures, clock, committable } = rig({
    stages: [{ maxPerLane: 1, answer: call => call.offsets.includes(0) ? FAILED : { class: 'done' } }], limits, retryQueue: null
  })
  await poll(0, 0, 'a/1', 'a/1')
  await clock.pass(1_000)
  t.notOk(first.sent.flat().includes(1))
  await clock.pass(3_000)
  t.strictSame([...failures.keys()], [0])
  t.ok(first.sent.flat().includes(1))
  t.equal(committable(), 2)
})

t.test('a record that the retry queue could never take stays in place until its attempts are spent', async t => {
  const { poll, retryQueue, failures, clock, committable } = rig({
    stages: [{ answer: () => FAILED }], limits, retryQueue: { check: () => ({ class: 'poison', code: 'MESSAGE_TOO_LARGE', detail: 'planted' }) }
  })
  await poll(0, 0, 'a/1')
  await clock.pass(5_000)
  t.equal(retryQueue.calls.length, 0)
  t.equal(failures.get(0)?.code, 'ATTEMPTS_EXHAUSTED')
  t.equal(committable(), 1)
})

t.test('what the retry queue refuses goes on in place, and is no less good for it', async t => {
  const { poll, first, retryQueue, deadLetters, clock, committable } = rig({
    stages: [{ answer: () => FAILED }], limits, retryQueue: { answer: () => poison('REFUSED', 'planted') }
  })
  await poll(0, 0, 'a/1')
  await clock.pass(900)
  t.equal(retryQueue.calls.length, 1)
  t.equal(deadLetters.calls.length, 0)
  const before = first.calls.length
  await clock.pass(200)
  t.ok(first.calls.length > before, 'it is tried again in place')
  first.answer = () => DONE
  await clock.pass(100)
  t.equal(committable(), 1)
  t.strictSame([retryQueue.calls.length, deadLetters.calls.length], [1, 0])
})

t.test('and its attempts in place are counted on', async t => {
  const { poll, deadLetters, failures, clock } = rig({ stages: [{ answer: () => FAILED }], limits, retryQueue: { answer: () => poison('REFUSED', 'planted') } })
  await poll(0, 0, 'a/1')
  await clock.pass(10_000)
  t.equal(failures.get(0)?.code, 'ATTEMPTS_EXHAUSTED')
  t.equal(failures.get(0)?.stage, 'stage-0')
  t.equal(deadLetters.calls[0]?.flights[0]?.attempts, 3)
})

t.test('a pass that ends with a refusal counts too', async t => {
  const { engine, poll, deadLetters, clock } = rig({ stages: [{ answer: () => poison('REFUSED', 'planted') }], limits })
  await poll(0, 0, 'a/1', 'poison')
  engine.replay([new FakeReplay(7, 'a/2', 2)])
  await clock.pass(100)
  const attempts = deadLetters.calls.flatMap(call => call.flights.map(flight => [flight.offset, flight.attempts]))
  t.strictSame(attempts.sort(([a = 0], [b = 0]) => a - b), [[0, 1], [1, 1], [7, 3]])
})

t.test('a wait that the service asked for counts as time in place', async t => {
  const { poll, first, retryQueue, clock } = rig({ stages: [{ answer: () => transient('ENTRY_FAILED', 'planted', { retryAfterMs: 60_000 }) }], limits })
  await poll(0, 0, 'a/1')
  await clock.pass(100)
  t.equal(first.calls.length, 1)
  t.equal(retryQueue.calls.length, 1)
})
