import t from 'tap'
import { DONE, environment, transient, type Outcome } from '../../src/engine/outcome.js'
import { clientOf, rig } from '../helpers/engine.js'

const limits = { maxAttempts: 1, retryInPlaceMs: 30_000, holdMaxMs: 1e9 }

for (const [what, outcome] of Object.entries<Outcome>({
  'says that it throttles': environment('stage', 'THROTTLED', 'planted'),
  'is gone for one key': environment('key', 'NOT_FOUND', 'planted'),
  'leaves calls without an answer': transient('TIMEOUT', 'planted')
})) {
  t.test(`a service that ${what} for an hour costs no record`, async t => {
    const { poll, first, clock, engine, deadLetters, retryQueue, committable } = rig({ stages: [{ batchKey: clientOf, answer: () => outcome }], limits })
    await poll(0, 0, 'a/1', 'a/2', 'a/3')
    await clock.pass(3_600_000)
    t.equal(engine.holds().length, 1)
    t.ok(first.calls.length > 600, 'it is probed all the while')
    t.ok(first.calls.length < 3_600, 'but not all the time')
    first.answer = () => DONE
    await clock.pass(10_000)
    t.equal(engine.holds().length, 0)
    t.equal(committable(), 3)
    t.strictSame([deadLetters.calls.length, retryQueue.calls.length], [0, 0])
  })
}

t.test('throttling of a part of a call burns nothing either', async t => {
  const { poll, first, clock, deadLetters, retryQueue, committable } = rig({
    stages: [{ answer: call => call.flights.map((_, index) => index === 0 ? transient('UNPROCESSED', 'planted', { throttled: true }) : DONE) }], limits
  })
  await poll(0, 0, 'a/1', 'a/2')
  await clock.pass(600_000)
  t.strictSame([deadLetters.calls.length, retryQueue.calls.length], [0, 0])
  first.answer = () => DONE
  await clock.pass(10_000)
  t.equal(committable(), 2)
})

t.test('one record that makes every call fail is found out, and holds nobody for long', async t => {
  const { poll, first, clock, engine, failures, committable } = rig({ stages: [{ batch: { maxRecords: 5 } }], limits: { ...limits, retryInPlaceMs: 2_000 }, retryQueue: null })
  first.answer = call => call.offsets.includes(2) ? transient('TIMEOUT', 'planted') : DONE
  for (let poll0 = 0; poll0 < 20; poll0++) {
    await poll(0, poll0 * 10, ...Array.from({ length: 10 }, (_, index) => `a/${poll0 * 10 + index}`))
    await clock.pass(2_000)
  }
  await clock.pass(60_000)
  t.strictSame([...failures.keys()], [2])
  t.equal(engine.holds().length, 0)
  t.equal(committable(), 200)
})
