import t from 'tap'
import { PATIENT } from '../helpers/patience.js'
import { startTestStack } from '../helpers/stack.js'
import { Stopwatch } from '../helpers/stopwatch.js'
import { FaultRun } from './harness/fault-run.js'
import { groupModes, groupProperties } from './harness/group-modes.js'
import { expulsionsOf } from './harness/rebalance-log.js'
import { RateMeter } from './harness/recovery.js'
import { steadyLoad } from './harness/steady-load.js'

const PARTITIONS = 6
const MEMBERS = 3
const RATE_PER_SECOND = 600
const SESSION_TIMEOUT_MS = 3_000
const MAX_IN_FLIGHT = 500
const COMMIT_INTERVAL_MS = 100
const MOST_REPEATS = MAX_IN_FLIGHT + RATE_PER_SECOND * COMMIT_INTERVAL_MS / 1_000
/** Beyond the session timeout: heartbeats of the others, and a busy machine. */
const TAKEOVER_SLACK_MS = 10_000
const RECOVERY_MS = 15_000

const { kafka } = await startTestStack(t, { servers: ['kafka'], kafka: { properties: groupProperties(SESSION_TIMEOUT_MS) } })

for (const { name: mode, knobs } of groupModes(SESSION_TIMEOUT_MS)) {
  t.test(`P1 with ${mode}: the others take over the partitions of a member that is killed`, async t => {
    const run = await FaultRun.create(t, {
      name: `killed-${mode}`,
      kafka: kafka.brokers,
      partitions: PARTITIONS,
      knobs: { ...knobs, MAX_IN_FLIGHT_RECORDS: String(MAX_IN_FLIGHT), CHUNK_RECORDS: '100', COMMIT_INTERVAL_MS: String(COMMIT_INTERVAL_MS), ...PATIENT }
    })
    run.arm({ name: 'slow queues', operation: 'SendMessageBatch', delayMs: 50 })
    const members = await Promise.all(Array.from({ length: MEMBERS }, () => run.start()))
    await Promise.all(members.map(member => member.ownsPartitions(owned => owned === PARTITIONS / MEMBERS)))
    const meter = new RateMeter(t, () => run.accepted)
    const stopLoad = steadyLoad(t, run, { ratePerSecond: RATE_PER_SECOND, invalidShare: 0.05 })
    await members[0]?.sees('the load runs', () => run.accepted > 2 * RATE_PER_SECOND)

    const victim = run.random.pick(members)
    const others = members.filter(member => member !== victim)
    const watch = new Stopwatch()
    await victim.kill()
    await Promise.all(others.map(member => member.ownsPartitions(owned => owned === PARTITIONS / others.length)))
    const takenOverMs = watch.ownMs
    const recoveredMs = await meter.recovers(RATE_PER_SECOND, watch)
    await stopLoad()

    await run.road.isWorkedOff(others)
    const most = MOST_REPEATS * (1 + expulsionsOf(others))
    await run.finish({ repeats: { rows: most, messages: most, letters: most } })
    t.ok(takenOverMs < SESSION_TIMEOUT_MS + TAKEOVER_SLACK_MS, `taken over within the session timeout: ${takenOverMs} ms`)
    t.ok(recoveredMs < RECOVERY_MS, `the rate is back in time: ${recoveredMs} ms`)
    t.comment(`figures: ${run.name}: taken over after ${takenOverMs} ms, rate back after ${recoveredMs} ms`)
  })
}

t.test('of two processes with one KAFKA_GROUP_INSTANCE_ID the older ends and says why, and nothing is lost', async t => {
  const run = await FaultRun.create(t, { name: 'same-instance', kafka: kafka.brokers, partitions: PARTITIONS, knobs: { KAFKA_GROUP_INSTANCE_ID: 'same', KAFKA_SESSION_TIMEOUT_MS: String(SESSION_TIMEOUT_MS) } })
  const older = await run.start()
  await older.ownsPartitions(owned => owned === PARTITIONS)
  const stopLoad = steadyLoad(t, run, { ratePerSecond: RATE_PER_SECOND })
  await older.sees('the load runs', () => run.accepted > RATE_PER_SECOND)
  const younger = await run.start()
  await older.logged('the Kafka client can not go on')
  t.equal(await older.ends(), 1)
  await younger.ownsPartitions(owned => owned === PARTITIONS)
  await stopLoad()
  await run.finish({ repeats: { rows: Infinity, messages: Infinity } })
})
