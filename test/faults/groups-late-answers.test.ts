import t, { type Test } from 'tap'
import { PATIENT } from '../helpers/patience.js'
import { Stopwatch } from '../helpers/stopwatch.js'
import { advancesBy } from './harness/advances-by.js'
import { FaultRun } from './harness/fault-run.js'
import { foreignCommits } from './harness/foreign-commits.js'
import { type GroupMode, groupModes, groupProperties } from './harness/group-modes.js'
import { type SeenCommit } from './harness/kafka-proxy/commit-faults.js'
import { startProxiedKafka } from './harness/kafka-proxy/proxied-kafka.js'
import { rebalancedAt } from './harness/rebalance-log.js'
import { SinkRelay } from './harness/sink-relay.js'
import { steadyLoad } from './harness/steady-load.js'

const PARTITIONS = 6
const RATE_PER_SECOND = 200
/** The load of the whole test: what is held back takes nobody's credit. */
const MAX_IN_FLIGHT = 10_000
/** At most: 10 calls of 25 rows, in each of 4 queues 10 calls of 10 messages, and what waited between the two. */
const MOST_STARTED = 1_000
const COMMIT_INTERVAL_MS = 100
const REVOKE_DRAIN_MS = 1_000
/** Nobody is expelled: what is slow are the sinks. */
const SESSION_TIMEOUT_MS = 20_000
/** What a group takes to hand over, on a busy machine. */
const HANDOVER_MS = 10_000

const { proxy, brokers } = await startProxiedKafka(t, groupProperties(SESSION_TIMEOUT_MS))

for (const mode of groupModes(SESSION_TIMEOUT_MS)) {
  t.test(`K5 with ${mode.name}: what a sink acknowledges after its partition was given back commits nothing`, async t => {
    const { run, relay, slow, stopLoad } = await startSlow(t, 'late', mode)
    const watch = new Stopwatch()
    const joiner = await run.start({ KAFKA_CLIENT_ID: 'joiner' })
    await joiner.ownsPartitions(owned => owned === PARTITIONS / 2)
    const givenBackMs = rebalancedAt(joiner, 'assigned') - rebalancedAt(slow, 'revoked')
    t.ok(givenBackMs - watch.excusedMs < REVOKE_DRAIN_MS + HANDOVER_MS, `a drain that hangs keeps the others from their partitions no longer than stated: ${givenBackMs} ms`)
    const accepted = run.accepted
    await joiner.sees('the joiner does its part', () => run.accepted > accepted + RATE_PER_SECOND / 2)
    relay.releaseAnswers()
    await slow.sees('the slow one goes on', () => Date.now() - (relay.calls.at(-1)?.at ?? 0) < COMMIT_INTERVAL_MS)
    await stopLoad()

    await run.finish({ repeats: { rows: MOST_STARTED, messages: MOST_STARTED } })
    const members = [{ clientId: 'slow', log: slow.log }, { clientId: 'joiner', log: joiner.log }]
    t.same(foreignCommits(commitsOf(run), members), [], 'no commit is sent for a partition of another member')
    t.comment(`figures: ${run.name}: given back and taken over ${givenBackMs} ms after the revocation`)
  })

  t.test(`K6 with ${mode.name}: partitions that come back while their old work is alive are worked off, and it settles nothing of them`, async t => {
    const { run, relay, slow, stopLoad } = await startSlow(t, 'back', mode)
    const guest = await run.start({ KAFKA_CLIENT_ID: 'guest' })
    await guest.ownsPartitions(owned => owned === PARTITIONS / 2)
    t.equal(await guest.stop(), 0)
    await slow.ownsPartitions(owned => owned === PARTITIONS)
    await slow.sees('it has read of each new epoch', async () => {
      const inFlight = (await slow.metrics()).by('penstock_partition_in_flight_records', 'partition')
      return Object.values(inFlight).filter(records => records > 0).length === PARTITIONS
    })
    const releasedAt = Date.now()
    t.ok(relay.held > 0, 'no answer has come to it yet')
    relay.releaseAnswers()
    await stopLoad()

    await run.finish({ repeats: { rows: 2 * MOST_STARTED, messages: 2 * MOST_STARTED } })
    const advances = advancesBy('slow', commitsOf(run), rebalancedAt(slow, 'revoked'), releasedAt)
    t.same(advances, [], 'without an answer it commits nothing that was not committed before')
  })
}

/** A member that owns everything and whose answers from table and queues are held back, under load and at rest. */
async function startSlow (t: Test, what: string, { name: mode, knobs }: GroupMode) {
  const run = await FaultRun.create(t, {
    name: `${what}-${mode}`,
    kafka: brokers,
    partitions: PARTITIONS,
    knobs: {
      ...knobs,
      MAX_IN_FLIGHT_RECORDS: String(MAX_IN_FLIGHT),
      CHUNK_RECORDS: '100',
      COMMIT_INTERVAL_MS: String(COMMIT_INTERVAL_MS),
      REVOKE_DRAIN_MS: String(REVOKE_DRAIN_MS),
      // Only the drain ends a call that hangs.
      ...PATIENT
    }
  })
  const relay = await SinkRelay.start(t, run.endpoint.url)
  const slow = await run.start({ ...relay.knobs, KAFKA_CLIENT_ID: 'slow' })
  await slow.ownsPartitions(owned => owned === PARTITIONS)
  const stopLoad = steadyLoad(t, run, { ratePerSecond: RATE_PER_SECOND })
  await slow.sees('it sends', () => relay.calls.length > 20)
  relay.holdAnswers()
  await slow.sees('its calls have come to rest', () => relay.held > 1 && Date.now() - (relay.calls.at(-1)?.at ?? 0) > 10 * COMMIT_INTERVAL_MS)
  return { run, relay, slow, stopLoad }
}

function commitsOf ({ name }: FaultRun): SeenCommit[] {
  return proxy.commitFaults.commits.filter(({ groupId }) => groupId === name)
}
