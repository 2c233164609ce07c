import t, { type Test } from 'tap'
import { type TestService } from '../helpers/service.js'
import { startTestStack } from '../helpers/stack.js'
import { advancesBy } from './harness/advances-by.js'
import { foreignCommits, type Member } from './harness/foreign-commits.js'
import { type GroupMode, groupModes, groupProperties } from './harness/group-modes.js'
import { type CommitFault, type SeenCommit } from './harness/kafka-proxy/commit-faults.js'
import { startProxiedKafka } from './harness/kafka-proxy/proxied-kafka.js'
import { parameter } from './harness/parameters.js'
import { progress } from './harness/progress.js'
import { rebalancedAt } from './harness/rebalance-log.js'
import { APPEND_TIMES, RoutingRun } from './harness/routing-run.js'
import { steadyLoad } from './harness/steady-load.js'

const REBALANCES = parameter('REBALANCES', 4)
const IN_A_ROW = parameter('COMMIT_FAULTS', 10)
const PARTITIONS = 6
const RATE_PER_SECOND = 400
const LOAD = { ratePerSecond: RATE_PER_SECOND, origins: 41, fanOutShare: 0.3 } as const
/** Where acknowledgements are held back: of all that comes meanwhile, nothing takes another's credit. */
const SLOW_PER_SECOND = 100
const COMMIT_INTERVAL_MS = 100
const REVOKE_DRAIN_MS = 1_000
/** Nobody is expelled: what is slow are the destinations. */
const SESSION_TIMEOUT_MS = 20_000
/** Of the one test in which a member is to be expelled. */
const SHORT_SESSION_MS = 6_000
const MAX_IN_FLIGHT = 1_000
/** Credit for all that comes while answers are held back, also when a machine is slow to start another member. */
const PLENTY = 20_000
/** A record's messages, at most one for each destination. */
const MESSAGES = 3

const [{ registry }, { proxy, brokers }] = await Promise.all([
  startTestStack(t, { servers: ['registry'] }), startProxiedKafka(t, { ...groupProperties(SESSION_TIMEOUT_MS), ...APPEND_TIMES })
])
/** https://kafka.apache.org/protocol#protocol_error_codes */
const COMMIT_FAULTS: readonly CommitFault[] = [{ kind: 'refuse', code: 27 }, { kind: 'refuse', code: 16 }, { kind: 'lie', code: 27 }, { kind: 'drop-answer' }]
const modes = groupModes(SESSION_TIMEOUT_MS)

for (const mode of modes) {
  t.test(`K4, K9 with ${mode.name}: a member that joins and leaves under load costs no record, no repetition and no order, and nobody commits for another`, async t => {
    // What has started can be finished within the drain time, also by a machine that does other things at the same time.
    const run = await startRun(t, 'moving', mode, { REVOKE_DRAIN_MS: '20000' })
    const first = await run.start({ KAFKA_CLIENT_ID: 'member-0' })
    await first.ownsPartitions(owned => owned === PARTITIONS)
    const stopLoad = steadyLoad(t, run, { ...LOAD, invalidShare: 0.05 })
    const members = [member(first, 'member-0')]
    for (let rebalance = 0; rebalance < REBALANCES; rebalance += 2) {
      const clientId = `member-${members.length}`
      const guest = await run.start({ KAFKA_CLIENT_ID: clientId })
      members.push(member(guest, clientId))
      await Promise.all([first, guest].map(service => service.ownsPartitions(owned => owned === PARTITIONS / 2)))
      const delivered = run.delivered
      await guest.sees('both work', () => run.delivered > delivered + RATE_PER_SECOND)
      t.equal(await guest.stop(), 0, 'the one that leaves has drained', { log: guest.tail })
      await first.ownsPartitions(owned => owned === PARTITIONS)
    }
    await stopLoad()
    await run.finish()
    const metrics = await first.metrics()
    t.equal(metrics.sum('penstock_rebalances_total', { event: 'lost' }), 0, 'every rebalance was a planned one')
    t.equal(metrics.sum('penstock_late_settlements_total'), 0, 'nothing ended after its epoch')
    t.same(foreignCommits(commitsOf(run), members), [], 'no commit is sent for a partition of another member')
    t.equal(new Set(commitsOf(run).map(({ clientId }) => clientId)).size, members.length, 'each of them has committed')
    t.equal(await first.stop(), 0, { log: first.tail })
  })

  t.test(`K5, K6 with ${mode.name}: what is acknowledged after its partition was given back, or had come back, settles nothing, and is done by the owner`, async t => {
    const run = await startRun(t, 'late', mode, { MAX_IN_FLIGHT_RECORDS: String(PLENTY) })
    const { slow, stopLoad } = await startSlow(t, run)
    const guest = await run.start({ KAFKA_CLIENT_ID: 'guest' })
    await guest.ownsPartitions(owned => owned === PARTITIONS / 2)
    const delivered = run.delivered
    await guest.sees('the guest does its part', () => run.delivered > delivered + SLOW_PER_SECOND)
    t.equal(await guest.stop(), 0, { log: guest.tail })
    await slow.ownsPartitions(owned => owned === PARTITIONS)
    await slow.sees('it has read of each new epoch', async () => {
      const inFlight = (await slow.metrics()).by('penstock_partition_in_flight_records', 'partition')
      return Object.values(inFlight).filter(records => records > 0).length === PARTITIONS
    })
    const releasedAt = Date.now()
    t.ok(proxy.heldAnswers.count > 0, 'no answer has come to it yet')
    proxy.heldAnswers.release()
    await stopLoad()

    // Once more for each time that the partitions were given away.
    await run.finish({ repeats: { messages: 2 * MAX_IN_FLIGHT * MESSAGES } })
    t.same(advancesBy('slow', commitsOf(run), rebalancedAt(slow, 'revoked'), releasedAt), [], 'without an answer it commits nothing that was not committed before')
    t.same(foreignCommits(commitsOf(run), [member(slow, 'slow'), member(guest, 'guest')]), [], 'no commit is sent for a partition of another member')
    t.equal(await slow.stop(), 0, { log: slow.tail })
  })
}

for (const mode of groupModes(SHORT_SESSION_MS).slice(0, 1)) {
  t.test(`P3, K10 with ${mode.name}: a process that is stopped, loses its partitions and goes on commits nothing of them`, async t => {
    const run = await startRun(t, 'zombie', mode)
    const heir = await run.start({ KAFKA_CLIENT_ID: 'heir' })
    const { slow, stopLoad } = await startSlow(t, run, PARTITIONS / 2)
    slow.freeze()
    const stoppedAt = Date.now()
    await heir.ownsPartitions(owned => owned === PARTITIONS)
    const takenOverMs = Date.now() - stoppedAt
    const delivered = run.delivered
    await heir.sees('the heir works for both', () => run.delivered > delivered + SLOW_PER_SECOND)
    proxy.heldAnswers.release()
    slow.thaw()
    await slow.logged('partitions lost')
    await Promise.all([slow, heir].map(service => service.ownsPartitions(owned => owned === PARTITIONS / 2)))
    await stopLoad()
    await run.finish({ repeats: { messages: MAX_IN_FLIGHT * MESSAGES } })
    t.same(foreignCommits(commitsOf(run), [member(slow, 'slow'), member(heir, 'heir')]), [], 'no commit is sent for a partition of another member')
    t.equal((await heir.metrics()).sum('penstock_rebalances_total', { event: 'lost' }), 0, 'the other loses nothing')
    t.comment(`figures: ${run.name}: taken over ${takenOverMs} ms after the stop`)
  })
}

t.test(`K7: commits that are refused, said to be refused or cut off, ${IN_A_ROW} of each in a row, are followed by the newest safe offset`, async t => {
  t.teardown(() => { proxy.commitFaults.disarm() })
  const run = await startRun(t, 'commits', modes[0]!)
  const service = await run.start()
  await service.ownsPartitions(owned => owned === PARTITIONS)
  const stopLoad = steadyLoad(t, run, LOAD)
  const hitsBefore = proxy.commitFaults.hits
  for (const fault of COMMIT_FAULTS) {
    await progress(run, PARTITIONS)
    proxy.commitFaults.arm(fault, IN_A_ROW)
    await service.sees('all of them have met it', () => proxy.commitFaults.left === 0, 60_000)
  }
  await progress(run, PARTITIONS)
  await stopLoad()
  await run.finish({ metricsTellAll: true })
  t.equal(proxy.commitFaults.hits - hitsBefore, IN_A_ROW * COMMIT_FAULTS.length)
  t.equal(await service.stop(), 0, { log: service.tail })
})

async function startRun (t: Test, what: string, { name: mode, knobs }: GroupMode, more: Readonly<Record<string, string>> = {}): Promise<RoutingRun> {
  return await RoutingRun.create(t, {
    name: `routing-${what}-${mode}`,
    servers: { kafka: brokers, registry: registry.url },
    partitions: PARTITIONS,
    knobs: {
      ...knobs,
      MAX_IN_FLIGHT_RECORDS: String(MAX_IN_FLIGHT),
      CHUNK_RECORDS: '100',
      COMMIT_INTERVAL_MS: String(COMMIT_INTERVAL_MS),
      REVOKE_DRAIN_MS: String(REVOKE_DRAIN_MS),
      ...more
    }
  })
}

/** A member under load whose messages arrive and whose answers are held back, at rest. */
async function startSlow (t: Test, run: RoutingRun, owns = PARTITIONS) {
  t.teardown(() => { proxy.heldAnswers.release() })
  const slow = await run.start({ KAFKA_CLIENT_ID: 'slow' })
  await slow.ownsPartitions(owned => owned === owns)
  const stopLoad = steadyLoad(t, run, { ...LOAD, ratePerSecond: SLOW_PER_SECOND })
  await slow.sees('it sends', () => run.delivered > SLOW_PER_SECOND)
  proxy.heldAnswers.hold('slow')
  await slow.sees('its messages have come to rest', () => proxy.heldAnswers.count > 0 && Date.now() - proxy.heldAnswers.lastAt > 10 * COMMIT_INTERVAL_MS)
  return { slow, stopLoad }
}

function member (service: TestService, clientId: string): Member {
  return { clientId, get log () { return service.log } }
}

function commitsOf ({ name }: RoutingRun): SeenCommit[] {
  return proxy.commitFaults.commits.filter(({ groupId }) => groupId === name)
}
