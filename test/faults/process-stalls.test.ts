import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { PATIENT } from '../helpers/patience.js'
import { createTestFolder, startTestStack } from '../helpers/stack.js'
import { FaultRun } from './harness/fault-run.js'
import { hooks, reachedIn } from './harness/hooks/hooks.js'
import { parameter } from './harness/parameters.js'
import { expulsionsOf } from './harness/rebalance-log.js'

const RATE_PER_SECOND = 500
const MAX_IN_FLIGHT = 400
/** Of two members: what one had in flight is done again by the other, and so is what that one lost by the group's changes. */
const MOST_REPEATS = 2 * MAX_IN_FLIGHT
const SESSION_TIMEOUT_MS = 2_000
const STALL_MS = parameter('STALL_MS', 10_000)
/** Below the stall, so that the group gives the partitions away meanwhile. */
const MAX_POLL_INTERVAL_MS = 4_000

const { kafka } = await startTestStack(t, { servers: ['kafka'] })

t.test(`its event loop stalled for ${STALL_MS} ms while another takes over, it commits nothing stale and keeps the order`, async t => {
  const run = await createRun(t, 'stalled')
  const until = join(createTestFolder(t), 'until')
  const stalled = await run.start({}, hooks({ at: 'after-send', nth: 40, deed: 'stall', forMs: STALL_MS, until }))
  const other = await run.start()
  await Promise.all([stalled, other].map(service => service.ownsPartitions(owned => owned === 2)))
  const producing = run.produce({ count: RATE_PER_SECOND * STALL_MS * 1.5 / 1_000, ratePerSecond: RATE_PER_SECOND, invalidShare: 0.02 })
  await stalled.sees('it stalls', () => reachedIn(stalled.output).length > 0)
  const stalledAt = performance.now()
  await other.ownsPartitions(owned => owned === 4)
  writeFileSync(until, '')
  await Promise.all([stalled, other].map(service => service.ownsPartitions(owned => owned === 2)))
  t.ok(performance.now() - stalledAt >= STALL_MS * 0.9, 'and gave half of it back afterwards')
  t.ok((await stalled.metrics()).sum('penstock_rebalances_total', { event: 'lost' }) > 0, 'it has heard of it')
  await producing
  // One of them is that of the stall.
  await finish(run, expulsionsOf([stalled, other]) - 1)
})

t.test('a process whose polls never come back says that it is not alive, and another does its work', async t => {
  const run = await createRun(t, 'silent')
  const silent = await run.start({}, hooks({ at: 'poll', nth: 100, deed: 'hang' }))
  const other = await run.start()
  await Promise.all([silent, other].map(service => service.ownsPartitions(owned => owned === 2)))
  t.equal((await silent.health('/live')).status, 200)
  const producing = run.produce({ count: 3 * RATE_PER_SECOND, ratePerSecond: RATE_PER_SECOND, invalidShare: 0.05 })
  await silent.sees('it is not alive', async () => (await silent.health('/live')).status === 503)
  t.same(reachedIn(silent.output).map(({ deed }) => deed), ['hang'])
  await other.ownsPartitions(owned => owned === 4)
  t.equal((await other.health('/live')).status, 200)
  await silent.kill() // as whoever asks for it does
  await producing
  await finish(run, expulsionsOf([other]))
})

/** `expulsions`: of members that nothing was done to, on a busy machine. */
async function finish (run: FaultRun, expulsions: number): Promise<void> {
  const most = MOST_REPEATS + expulsions * MAX_IN_FLIGHT
  await run.finish({ repeats: { rows: most, messages: most, letters: most } })
}

async function createRun (t: Test, name: string): Promise<FaultRun> {
  const run = await FaultRun.create(t, {
    name,
    kafka: kafka.brokers,
    knobs: {
      MAX_IN_FLIGHT_RECORDS: String(MAX_IN_FLIGHT),
      CHUNK_RECORDS: '100',
      COMMIT_INTERVAL_MS: '100',
      KAFKA_SESSION_TIMEOUT_MS: String(SESSION_TIMEOUT_MS),
      KAFKA_MAX_POLL_INTERVAL_MS: String(MAX_POLL_INTERVAL_MS),
      REVOKE_DRAIN_MS: String(MAX_POLL_INTERVAL_MS / 2),
      ...PATIENT
    }
  })
  // Calls take a moment, so that at any time some are under way.
  run.arm({ operation: 'BatchWriteItem', delayMs: 30 }, { operation: 'SendMessageBatch', delayMs: 30 })
  return run
}
