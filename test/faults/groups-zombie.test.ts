import t from 'tap'
import { PATIENT } from '../helpers/patience.js'
import { FaultRun } from './harness/fault-run.js'
import { foreignCommits } from './harness/foreign-commits.js'
import { groupModes, groupProperties } from './harness/group-modes.js'
import { startProxiedKafka } from './harness/kafka-proxy/proxied-kafka.js'
import { SinkRelay } from './harness/sink-relay.js'
import { steadyLoad } from './harness/steady-load.js'

const PARTITIONS = 6
const RATE_PER_SECOND = 300
/** The other is never expelled, also on a busy machine. */
const SESSION_TIMEOUT_MS = 6_000
const MAX_IN_FLIGHT = 500
const COMMIT_INTERVAL_MS = 100
/** As after a kill: what was in flight, and what was settled since the last commit. */
const MOST_REPEATS = MAX_IN_FLIGHT + RATE_PER_SECOND * COMMIT_INTERVAL_MS / 1_000

const { proxy, brokers } = await startProxiedKafka(t, groupProperties(SESSION_TIMEOUT_MS))

for (const { name: mode, knobs } of groupModes(SESSION_TIMEOUT_MS)) {
  t.test(`P3, K10 with ${mode}: a process that is stopped, loses its partitions and goes on commits nothing of them and sends nothing before it knows`, async t => {
    const run = await FaultRun.create(t, {
      name: `zombie-${mode}`,
      kafka: brokers,
      partitions: PARTITIONS,
      knobs: {
        ...knobs,
        MAX_IN_FLIGHT_RECORDS: String(MAX_IN_FLIGHT),
        CHUNK_RECORDS: '100',
        COMMIT_INTERVAL_MS: String(COMMIT_INTERVAL_MS),
        // Its calls have not timed out when it goes on: their answers are there, and there is something to send and to commit.
        ...PATIENT
      }
    })
    const relay = await SinkRelay.start(t, run.endpoint.url)
    const [zombie, heir] = await Promise.all([run.start({ ...relay.knobs, KAFKA_CLIENT_ID: 'zombie' }), run.start({ KAFKA_CLIENT_ID: 'heir' })])
    const halves = () => Promise.all([zombie, heir].map(member => member.ownsPartitions(owned => owned === PARTITIONS / 2)))
    await halves()
    const stopLoad = steadyLoad(t, run, { ratePerSecond: RATE_PER_SECOND, invalidShare: 0.02 })
    await zombie.sees('it sends', () => relay.calls.length > 20)

    // What it has under way when it is stopped is done; it hears of it when it goes on. It has come to rest first: what
    // has been handed to a client library, and has not left, would leave later whatever the service does.
    relay.holdAnswers()
    await zombie.sees('its calls have come to rest', () => relay.held > 1 && Date.now() - (relay.calls.at(-1)?.at ?? 0) > 10 * COMMIT_INTERVAL_MS)
    zombie.freeze()
    const stoppedAt = Date.now()
    await heir.ownsPartitions(owned => owned === PARTITIONS)
    const takenOverMs = Date.now() - stoppedAt
    const accepted = run.accepted
    await heir.sees('the heir works for both', () => run.accepted > accepted + RATE_PER_SECOND)
    relay.releaseAnswers()
    const wokenAt = Date.now()
    zombie.thaw()
    const lost = await zombie.logged('partitions lost')
    await halves()
    await stopLoad()

    await run.finish({ repeats: { rows: MOST_REPEATS, messages: MOST_REPEATS, letters: MOST_REPEATS } })
    const knownAt = Date.parse(String(lost.time))
    t.same(relay.calls.filter(({ at }) => at >= wokenAt && at < knownAt), [], 'no call leaves before it knows what it has lost')
    const members = [{ clientId: 'zombie', log: zombie.log }, { clientId: 'heir', log: heir.log }]
    t.same(foreignCommits(proxy.commitFaults.commits.filter(({ groupId }) => groupId === run.name), members), [], 'no commit is sent for a partition of another member')
    t.equal((await heir.metrics()).sum('penstock_rebalances_total', { event: 'lost' }), 0, 'the other loses nothing')
    t.comment(`figures: ${run.name}: taken over ${takenOverMs} ms after the stop, known ${knownAt - wokenAt} ms after it went on`)
  })
}
