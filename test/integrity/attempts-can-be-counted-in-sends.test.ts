import t from 'tap'
import { DEFAULT_BREAKER } from '../../src/engine/breaker.js'
import { DONE, environment, transient, type Outcome } from '../../src/engine/outcome.js'
import { rig, type RigOptions } from '../helpers/engine.js'

const FAILED = transient('SERVER_ERROR', 'planted')
const HOUR_MS = 3_600_000

/** One record a call, as a destination gets them. */
const counted = (maxAttempts: number, answer?: () => Outcome, options: RigOptions = {}) => rig({
  stages: [{ batch: { maxRecords: 1, lingerMs: 0 }, concurrency: 10, ...(answer === undefined ? {} : { answer }) }],
  retryQueue: null,
  limits: { maxAttempts, retryInPlaceMs: 0, holdMaxMs: Infinity, breaker: { ...DEFAULT_BREAKER, probesBurnAttempts: true } },
  ...options
})

t.test('a record that always fails is sent as often as it may be, and then is a dead letter', async t => {
  const { poll, first, clock, failures, committable, deadLetters } = counted(4, () => FAILED)
  await poll(0, 0, 'a')
  await clock.pass(HOUR_MS)
  t.strictSame(first.sent, [[0], [0], [0], [0]])
  t.match(failures.get(0), { code: 'ATTEMPTS_EXHAUSTED', detail: /SERVER_ERROR: planted/ })
  t.equal(deadLetters.calls[0]?.flights[0]?.attempts, 4)
  t.equal(committable(), 1)
})

t.test('without a draw of backoff, and in no time at all, it is still as often', async t => {
  const { poll, first, clock } = counted(4, () => FAILED, { random: () => 0 })
  await poll(0, 0, 'a')
  await clock.pass(HOUR_MS)
  t.equal(first.sent.length, 4)
})

t.test('the next record of the lane waits for the end of the one before, and others go on', async t => {
  const { poll, first, clock } = counted(3, undefined, {
    stages: [{ batch: { maxRecords: 1, lingerMs: 0 }, concurrency: 10, orderKey: flight => flight.payload.lane, answer: call => call.payloads[0]!.lane === 'bad' ? FAILED : DONE }]
  })
  await poll(0, 0, 'a/bad', 'b/bad', 'c/good', 'd/good')
  await clock.pass(HOUR_MS)
  const offsets = first.sent.flat()
  t.strictSame(offsets.filter(offset => offset < 2), [0, 0, 0, 1, 1, 1])
  t.ok(offsets.indexOf(3) < offsets.lastIndexOf(0), 'the others did not wait')
})

t.test('an open breaker paces the sends and takes none away: every record still gets all of them', async t => {
  const { poll, first, clock, counts, failures, committable } = counted(4, () => FAILED, {
    stages: [{ batch: { maxRecords: 1, lingerMs: 0 }, concurrency: 10, orderKey: flight => String(flight.offset), answer: () => FAILED }]
  })
  await poll(0, 0, ...Array.from({ length: 20 }, () => 'a'))
  await clock.pass(HOUR_MS)
  t.equal(counts.told['held'], 1)
  for (let offset = 0; offset < 20; offset++) t.equal(first.sent.filter(([sent]) => sent === offset).length, 4, String(offset))
  t.equal(failures.size, 20)
  t.equal(committable(), 20)
})

t.test('what the system says of itself burns no attempt, however often it is probed', async t => {
  let outcome: Outcome = environment('stage', 'CREDENTIALS', 'planted')
  const { poll, first, clock, failures, committable } = counted(2, () => outcome)
  await poll(0, 0, 'a')
  await clock.pass(HOUR_MS)
  t.ok(first.sent.length > 100)
  t.equal(failures.size, 0)
  t.equal(committable(), undefined)
  outcome = DONE
  await clock.pass(10_000)
  t.equal(committable(), 1)
})

t.test('without a limit a record is tried for ever and never rejected', async t => {
  const { poll, first, clock, failures, committable } = counted(Infinity, () => FAILED)
  await poll(0, 0, 'a')
  await clock.pass(24 * HOUR_MS)
  t.ok(first.sent.length > 1_000)
  t.equal(failures.size, 0)
  t.equal(committable(), undefined)
})
