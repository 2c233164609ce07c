import t from 'tap'
import { startTestStack } from '../helpers/stack.js'
import { Stopwatch } from '../helpers/stopwatch.js'
import { KafkaCluster } from './harness/kafka-cluster.js'
import { progress } from './harness/progress.js'
import { APPEND_TIMES, RoutingRun } from './harness/routing-run.js'
import { steadyLoad } from './harness/steady-load.js'

const PARTITIONS = 6
const RATE_PER_SECOND = 300
const MAX_IN_FLIGHT = 500
const RECOVERED_WITHIN_MS = 30_000

const [{ registry }, cluster] = await Promise.all([startTestStack(t, { servers: ['registry'] }), KafkaCluster.start(t, APPEND_TIMES)])

t.test('K1: each of three brokers in turn killed under load and started again: other leaders take over within 30 s, nothing is lost, and each key keeps its order at every destination', async t => {
  const run = await RoutingRun.create(t, {
    name: 'routing-brokers',
    servers: { kafka: cluster.brokers, registry: registry.url },
    partitions: PARTITIONS,
    replicationFactor: 3,
    knobs: { COMMIT_INTERVAL_MS: '100', MAX_IN_FLIGHT_RECORDS: String(MAX_IN_FLIGHT) }
  })
  const { kafka } = run.road.config
  const service = await run.start()
  await service.ownsPartitions(owned => owned === PARTITIONS)
  const stopLoad = steadyLoad(t, run, { ratePerSecond: RATE_PER_SECOND, origins: 41, fanOutShare: 0.3, invalidShare: 0.05 })
  await progress(run, PARTITIONS)

  const recoveries: number[] = []
  let moved = 0
  for (const node of cluster.nodeIds) {
    const led = await leadersOf(node)
    await cluster.kill(node)
    const watch = new Stopwatch()
    await progress(run, PARTITIONS)
    recoveries.push(watch.ownMs)
    moved += led.length - (await leadersOf(node)).length
    await cluster.start(node)
    await progress(run, PARTITIONS)
  }
  await stopLoad()
  // A member that the group forgot does again what was in flight, and counts no dead letter whose partition it had lost meanwhile.
  const lost = (await service.metrics()).sum('penstock_rebalances_total', { event: 'lost' })
  const most = lost * MAX_IN_FLIGHT
  await run.finish({ repeats: { messages: 3 * most, letters: most }, metricsTellAll: lost === 0 })
  t.comment(`figures: ms until all partitions were committed further, per broker: ${recoveries.join(' ')}; leaders of partitions moved ${moved}; partitions lost ${lost} times`)
  t.ok(Math.max(...recoveries) < RECOVERED_WITHIN_MS)
  t.ok(moved >= cluster.nodeIds.length, 'leaders moved')
  await service.becomesReady()
  t.equal(await service.stop(), 0, { log: service.tail })

  /** Partitions of the source and of the destinations that a node leads. */
  async function leadersOf (node: number): Promise<string[]> {
    const leaders = await cluster.leaders(kafka)
    return [...leaders].filter(([partition, leader]) => leader === node && partition.startsWith(run.name)).map(([partition]) => partition)
  }
})
