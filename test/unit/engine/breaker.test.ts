import t from 'tap'
import { Breaker, type BreakerPolicy, DEFAULT_BREAKER } from '../../../src/engine/breaker.js'
import { DONE, environment, poison, transient, type Outcome } from '../../../src/engine/outcome.js'
import { countingObserver } from '../../helpers/counting-observer.js'
import { ManualClock } from '../../helpers/manual-clock.js'

const TIMEOUT = transient('TIMEOUT', 'planted')
const FAILED = transient('ENTRY_FAILED', 'planted')
const THROTTLED = environment('stage', 'THROTTLED', 'planted')

function breaker (keyed = true, policy: Partial<BreakerPolicy> = {}) {
  const clock = new ManualClock()
  const counts = countingObserver()
  const seen = { changes: 0 }
  const it = new Breaker({ stage: 'stage', key: 'key', keyed, policy: { ...DEFAULT_BREAKER, ...policy }, clock, random: () => 0.5, incidents: counts.incidents, holdChanged: () => { seen.changes++ } })
  const judge = (outcomes: readonly Outcome[], { probe = false, aborted = false } = {}): void => {
    const tally = { done: 0, poison: 0, transient: 0, environment: 0 }
    for (const outcome of outcomes) tally[outcome.class]++
    it.judge({ outcomes, tally, probe, aborted })
  }
  return { it, judge, clock, counts, seen }
}

t.test('five calls in a row without an answer hold the channel; an answer in between does not let it come to that', t => {
  const { it, judge } = breaker()
  for (let call = 0; call < 4; call++) judge([TIMEOUT])
  judge([TIMEOUT, FAILED])
  for (let call = 0; call < 4; call++) judge([TIMEOUT])
  t.equal(it.hold, undefined)
  judge([TIMEOUT])
  t.match(it.hold?.reason, { scope: 'key', code: 'UNAVAILABLE', inferred: true })
  t.end()
})

t.test('calls that this process gave up say nothing of the service', t => {
  const { it, judge } = breaker()
  for (let call = 0; call < 1_000; call++) judge([transient('ABORTED', 'given up')], { aborted: true })
  t.equal(it.hold, undefined)
  t.end()
})

t.test('what the service says of itself holds at once, in its scope', t => {
  const keyed = breaker()
  keyed.judge([environment('key', 'NOT_FOUND', 'planted')])
  t.match(keyed.it.hold?.reason, { scope: 'key', code: 'NOT_FOUND', inferred: false })
  const whole = breaker(false)
  whole.judge([environment('key', 'NOT_FOUND', 'planted')])
  t.equal(whole.it.hold?.reason.scope, 'stage', 'a stage without keys is one key')
  t.end()
})

t.test('only a probe ends a hold or puts off the next', t => {
  const { it, judge, counts } = breaker()
  judge([THROTTLED])
  const { probeAt } = it.hold ?? {}
  judge([DONE])
  judge([THROTTLED])
  t.equal(it.hold?.probeAt, probeAt, 'calls that left before the hold say nothing of the time after it')
  judge([THROTTLED], { probe: true })
  t.ok((it.hold?.probeAt ?? 0) > (probeAt ?? 0))
  judge([DONE], { probe: true })
  t.equal(it.hold, undefined)
  t.strictSame([counts.told['held'], counts.told['resumed']], [1, 1])
  t.end()
})

t.test('a refused record proves the service alive', t => {
  const { it, judge } = breaker()
  judge([THROTTLED])
  judge([poison('REFUSED', 'planted')], { probe: true })
  t.equal(it.hold, undefined)
  t.end()
})

t.test('probes are spaced by backoff, capped, and never closer than the service asked for', t => {
  const { it, judge, clock } = breaker()
  judge([THROTTLED])
  const pauses: number[] = []
  for (let probe = 0; probe < 8; probe++) {
    pauses.push((it.hold?.probeAt ?? 0) - clock.now())
    clock.advance(10_000)
    judge([THROTTLED], { probe: true })
  }
  t.strictSame(pauses, [150, 300, 600, 1_200, 2_400, 3_750, 3_750, 3_750])
  judge([environment('stage', 'THROTTLED', 'planted', { retryAfterMs: 60_000 })], { probe: true })
  t.equal((it.hold?.probeAt ?? 0) - clock.now(), 60_000)
  t.end()
})

t.test('a hold tells what its last probe met, in whose scope', t => {
  const { it, judge, seen } = breaker()
  judge([environment('key', 'NOT_FOUND', 'planted')])
  judge([environment('stage', 'CREDENTIALS', 'planted')], { probe: true })
  t.match(it.hold?.reason, { scope: 'stage', code: 'CREDENTIALS' })
  t.equal(seen.changes, 2)
  judge([TIMEOUT], { probe: true })
  t.match(it.hold?.reason, { scope: 'stage', code: 'UNAVAILABLE', inferred: true })
  t.end()
})

t.test('a spent retry budget holds, with one call at a time', t => {
  const { it, judge, counts } = breaker()
  for (let call = 0; call < 51; call++) judge(Array.from({ length: 10 }, () => FAILED))
  t.match(it.hold?.reason, { code: 'UNAVAILABLE', inferred: true })
  t.equal(counts.told['retryBudgetSpent'], 1)
  t.end()
})

t.test('a failure blames its record only when it tells something of it', t => {
  const { it, judge } = breaker()
  t.equal(it.blamesRecord(TIMEOUT), true)
  t.equal(it.blamesRecord(FAILED), true)
  t.equal(it.blamesRecord(transient('UNPROCESSED', 'planted', { throttled: true })), false)
  t.equal(it.blamesRecord(transient('ABORTED', 'planted')), false)
  judge([THROTTLED])
  t.equal(it.blamesRecord(TIMEOUT), false)
  t.equal(it.blamesRecord(FAILED), true)
  t.end()
})

t.test('a policy says how many calls make a failure, and how long a hold may rest', t => {
  const { it, judge, clock } = breaker(false, { failedCalls: 2, probeMaxMs: 1_000 })
  judge([TIMEOUT])
  t.equal(it.hold, undefined)
  judge([TIMEOUT])
  t.match(it.hold?.reason.detail, /^2 calls in a row failed/)
  for (let probe = 0; probe < 40; probe++) {
    judge([TIMEOUT], { probe: true })
    t.ok(it.hold!.probeAt - clock.now() <= 1_000)
  }
  t.equal(it.hold!.probeAt - clock.now(), 750)
  t.end()
})

t.test('a hold burns no attempt, unless the policy has its probes count', t => {
  for (const probesBurnAttempts of [false, true]) {
    const { it, judge } = breaker(false, { failedCalls: 1, probesBurnAttempts })
    t.equal(it.blamesRecord(TIMEOUT), true)
    judge([TIMEOUT])
    t.equal(it.blamesRecord(TIMEOUT), probesBurnAttempts)
    t.equal(it.blamesRecord(FAILED), true, 'the service said it of the record')
    t.equal(it.blamesRecord(transient('ABORTED', 'given up')), false)
    t.equal(it.blamesRecord(transient('UNPROCESSED', 'planted', { throttled: true })), false)
  }
  t.end()
})
