import t, { type Test } from 'tap'
import { LedgerWriter, type RoutingEntry } from '../../src/generator/ledger.js'
import { toRoutingEntry } from '../../src/generator/routing/produce-routing.js'
import { generateRoutingRecord, type RoutingRecord } from '../../src/generator/routing/routing-generator.js'
import { readEnds } from '../../src/proof/read-ends.js'
import { DESTINATIONS } from '../helpers/routing-road.js'
import { startTestStack } from '../helpers/stack.js'
import { replaceTopic } from './harness/delete-topic.js'
import { deleteRecords } from './harness/kafka-request.js'
import { APPEND_TIMES, RoutingRun } from './harness/routing-run.js'
import { TransactionalProducer } from './harness/transactional-producer.js'

const COUNT = 300
const LOAD = { origins: 5, fanOutShare: 0 } as const

const { kafka, registry } = await startTestStack(t, { servers: ['kafka', 'registry'], kafka: { properties: APPEND_TIMES } })
const port = Number(kafka.brokers.split(':')[1])

t.test('K11: aborted transactions and the markers of all of them are passed, also where a partition ends in them', async t => {
  const run = await createRun(t, 'routing-transactions', 3)
  const producer = await TransactionalProducer.connect(t, { kafka: run.road.config.kafka, topic: run.name, keyOf: record => record.key, toEntry: toRoutingEntry })
  const next = await recordsOf(run)
  const kept: RoutingEntry[] = []
  for (const [partition, count, end] of [[0, 40, 'commit'], [0, 30, 'abort'], [0, 40, 'commit'], [0, 10, 'abort'], [1, 20, 'abort'], [2, 20, 'commit']] as const) {
    const entries = await producer.send(partition, next(partition, count), end)
    if (end === 'commit') kept.push(...entries)
  }
  await writeLedger(run, kept)
  const service = await run.start()
  await run.finish({ metricsTellAll: true })
  t.same(await run.road.committed(), new Map([[0, 40 + 1 + 30 + 1 + 40 + 1 + 10 + 1], [1, 20 + 1], [2, 20 + 1]]), 'every partition is committed to its end')
  t.equal(await service.stop(), 0, { log: service.tail })
})

t.test('K12: a committed offset that fell off the log is an alarm that names what is lost, and the rest is routed', async t => {
  const run = await createRun(t, 'routing-fell-off', 1)
  const { road, name } = run
  await run.produce({ ...LOAD, count: COUNT })
  const first = await run.start()
  await road.isWorkedOff([first])
  t.equal(await first.stop(), 0, { log: first.tail })
  await run.produce({ ...LOAD, count: 2 * COUNT, resume: true })
  const gone = 100
  await deleteRecords(port, name, 0, COUNT + gone)

  const second = await run.start()
  const alarm = await second.logged('records were deleted before they were read')
  t.match(alarm, { level: 'error', topic: name, partition: 0, offset: COUNT, first: COUNT + gone, lost: gone })
  await road.isWorkedOff([second])
  t.equal(await messages(run), 2 * COUNT - gone, 'everything else is at its destination, once')
  t.equal((await second.metrics()).sum('penstock_lost_offsets_total', { topic: name }), gone)
  t.equal((await second.health('/ready')).status, 200)
  t.equal(await second.stop(), 0, { log: second.tail })
})

t.test('K15: a topic that is deleted and created again is read from its beginning, by the process that read the former one', async t => {
  const partitions = 2
  const run = await createRun(t, 'routing-created-again', partitions)
  const { road, name } = run
  const service = await run.start()
  await run.produce({ ...LOAD, count: 2 * COUNT })
  await road.isWorkedOff([service])
  await replaceTopic(road.config.kafka, name, partitions)
  await run.produce({ ...LOAD, count: COUNT, seed: 2 })
  await service.sees('everything new has arrived', () => run.delivered === 3 * COUNT)
  await road.isWorkedOff([service])
  const metrics = await service.metrics()
  // Either it saw the topic missing, and lost its partitions, or another one in its place.
  t.ok(metrics.sum('penstock_replaced_logs_total', { topic: name }) + metrics.sum('penstock_rebalanced_partitions_total', { event: 'lost' }) >= partitions, 'and it said so')
  t.equal(await messages(run), 3 * COUNT, 'nothing comes twice')
  await service.becomesReady()
  t.equal(await service.stop(), 0, { log: service.tail })
  t.same((await readEnds(road.config.kafka, name, name)).filter(({ end, committed = 0 }) => committed !== end), [], 'and the group stands at its end')
})

async function createRun (t: Test, name: string, partitions: number): Promise<RoutingRun> {
  return await RoutingRun.create(t, { name, servers: { kafka: kafka.brokers, registry: registry.url }, partitions, knobs: { COMMIT_INTERVAL_MS: '100' } })
}

/** Makes so many more records, of keys that only this partition has. */
async function recordsOf ({ road }: RoutingRun): Promise<(partition: number, count: number) => RoutingRecord[]> {
  const schemas = await road.schemas()
  let index = 0
  return (partition, count) => Array.from({ length: count }, () => generateRoutingRecord({
    seed: 11, originServiceType: 'financial', originServiceIds: [String(partition)], destinations: DESTINATIONS, fanOutShare: 0.3, invalidShare: 0, kinds: [], schemas, now: Date.now
  }, index++))
}

async function writeLedger ({ road }: RoutingRun, entries: readonly RoutingEntry[]): Promise<void> {
  const ledger = await LedgerWriter.create(road.ledger, {})
  for (const entry of entries) ledger.append(entry)
  await ledger.close()
}

/** In the topics of all destinations. */
async function messages ({ road }: RoutingRun): Promise<number> {
  const topics = await Promise.all(DESTINATIONS.map(destination => road.read(road.outputTopic(destination))))
  return topics.reduce((sum, { length }) => sum + length, 0)
}
