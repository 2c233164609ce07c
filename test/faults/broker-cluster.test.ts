import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { PATIENT } from '../helpers/patience.js'
import { Stopwatch } from '../helpers/stopwatch.js'
import { FaultRun } from './harness/fault-run.js'
import { KafkaCluster } from './harness/kafka-cluster.js'
import { parameter } from './harness/parameters.js'
import { progress } from './harness/progress.js'
import { steadyLoad } from './harness/steady-load.js'

const OUTAGE_MS = parameter('OUTAGE_MS', 4_000)
const RECOVERED_WITHIN_MS = 30_000
const RATE_PER_SECOND = 60
const PARTITIONS = 6
const MAX_IN_FLIGHT = 500
const KNOBS = { COMMIT_INTERVAL_MS: '100', MAX_IN_FLIGHT_RECORDS: String(MAX_IN_FLIGHT), ...PATIENT }

const cluster = await KafkaCluster.start(t)

t.test('K1: the leader of partitions, killed under load: another one takes over within 30 s, and nothing is lost', async t => {
  await runThrough(t, 'leader', async run => {
    const leader = await cluster.leaderOf(run.road.config.kafka, run.name, 0)
    await cluster.kill(leader)
    return async () => { await cluster.start(leader) }
  })
})

t.test('K1: the coordinator of the group, killed under load: another one takes over within 30 s, and nothing is lost', async t => {
  await runThrough(t, 'coordinator', async run => {
    const coordinator = await cluster.coordinatorOf(run.name)
    await cluster.kill(coordinator)
    return async () => { await cluster.start(coordinator) }
  })
})

t.test('K1: a leader that is neither dead nor alive: another one takes over within 30 s, and nothing is lost', async t => {
  await runThrough(t, 'frozen', async run => {
    const leader = await cluster.leaderOf(run.road.config.kafka, run.name, 0)
    cluster.signal(leader, 'SIGSTOP')
    return async () => { cluster.signal(leader, 'SIGCONT') }
  })
})

t.test('K1: all brokers killed, and started again: work goes on within 30 s, and nothing is lost', async t => {
  await runThrough(t, 'all', async ({ services: [service] }) => {
    await cluster.killAll()
    await service?.becomesUnready('kafka')
    await delay(OUTAGE_MS)
    await cluster.startAll()
    return async () => {}
  })
})

/** Breaks something under load, sees the work go on, and mends it; the work goes on then as well. */
async function runThrough (t: Test, name: string, breakSomething: (run: FaultRun) => Promise<() => void | Promise<void>>): Promise<void> {
  const run = await FaultRun.create(t, { name, kafka: cluster.brokers, partitions: PARTITIONS, replicationFactor: 3, knobs: KNOBS })
  const service = await run.start()
  await service.ownsPartitions(owned => owned === PARTITIONS)
  const stopLoad = steadyLoad(t, run, { ratePerSecond: RATE_PER_SECOND, invalidShare: 0.02, key: 'uid', mayFail: true })
  await progress(run, PARTITIONS)
  const mend = await breakSomething(run)
  const watch = new Stopwatch()
  await progress(run, PARTITIONS).finally(mend)
  const recoveryMs = watch.ownMs
  await progress(run, PARTITIONS)
  await stopLoad()
  // A member that the group forgot does again what was in flight, and counts no dead letter whose partition it had lost meanwhile.
  const lost = (await service.metrics()).sum('penstock_rebalances_total', { event: 'lost' })
  const most = lost * MAX_IN_FLIGHT
  await run.finish({ repeats: { rows: most, messages: most, letters: most }, metricsTellAll: lost === 0 })
  t.comment(`figures: ${name}: all partitions committed further after ${recoveryMs} ms, partitions lost ${lost} times`)
  t.ok(recoveryMs < RECOVERED_WITHIN_MS)
  await service.becomesReady()
  t.equal(await service.stop(), 0, { log: service.tail })
}
