import t from 'tap'
import { PATIENT } from '../helpers/patience.js'
import { startTestStack } from '../helpers/stack.js'
import { Stopwatch } from '../helpers/stopwatch.js'
import { FaultRun } from './harness/fault-run.js'
import { rebalancedAt } from './harness/rebalance-log.js'
import { steadyLoad } from './harness/steady-load.js'

const PARTITIONS = 6
const RATE_PER_SECOND = 300
/** Nobody is expelled, also on a busy machine. */
const SESSION_TIMEOUT_MS = 20_000
/** Longer than a rebalance takes, so that one that waits it out is seen. */
const REVOKE_DRAIN_MS = 20_000
const MISSING = 'Client_B'

/** With `range` every rebalance revokes everything. What a drain does with held records is the same in every mode. */
const KNOBS = {
  KAFKA_ASSIGNMENT_STRATEGY: 'range',
  KAFKA_SESSION_TIMEOUT_MS: String(SESSION_TIMEOUT_MS),
  REVOKE_DRAIN_MS: String(REVOKE_DRAIN_MS),
  COMMIT_INTERVAL_MS: '100',
  ...PATIENT
}

const { kafka } = await startTestStack(t, { servers: ['kafka'] })

t.test('K4, T10: a rebalance while a client\'s queue is missing waits for none of its records and repeats none', async t => {
  const run = await FaultRun.create(t, {
    name: 'held', kafka: kafka.brokers, partitions: PARTITIONS, missingQueues: [MISSING], knobs: KNOBS
  })
  const first = await run.start()
  await first.ownsPartitions(owned => owned === PARTITIONS)
  const stopLoad = steadyLoad(t, run, { ratePerSecond: RATE_PER_SECOND, invalidShare: 0.02 })
  await first.sees('the others are served', () => run.accepted > 2 * RATE_PER_SECOND)
  t.ok((await first.metrics()).sum('penstock_held', { key: MISSING }) > 0, 'the queue is held')

  const watch = new Stopwatch()
  const second = await run.start()
  await Promise.all([first, second].map(member => member.ownsPartitions(owned => owned === PARTITIONS / 2)))
  const givenBackMs = rebalancedAt(second, 'assigned') - rebalancedAt(first, 'revoked')
  const excusedMs = watch.excusedMs
  const leftAt = performance.now()
  t.equal(await first.stop(), 0, 'the one that leaves has drained', { log: first.tail })
  const leaveMs = Math.round(performance.now() - leftAt)
  await second.ownsPartitions(owned => owned === PARTITIONS)
  await stopLoad()

  run.heal()
  await run.finish({ order: 'reported' })
  t.ok(givenBackMs - excusedMs < REVOKE_DRAIN_MS, `the drain of the revocation ends early: given back and taken over after ${givenBackMs} ms`)
  t.comment(`figures: ${run.name}: given back and taken over ${givenBackMs} ms after the revocation, left within ${leaveMs} ms`)
})
