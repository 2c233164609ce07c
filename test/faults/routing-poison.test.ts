import t from 'tap'
import { generateRoutingRecord, type RoutingGeneratorOptions } from '../../src/generator/routing/routing-generator.js'
import { ROUTING_KINDS, type RoutingKind } from '../../src/generator/routing/routing-kinds.js'
import { DESTINATIONS } from '../helpers/routing-road.js'
import { startTestStack } from '../helpers/stack.js'
import { deleteTopic } from './harness/delete-topic.js'
import { expectWaiting } from './harness/expect-waiting.js'
import { APPEND_TIMES, RoutingRun } from './harness/routing-run.js'

/** Beyond the 2 MB of the largest kind. */
const RAISED_BYTES = 3_000_000
const RECORDS = 300
/** Their keys and the distance of invalid records have no common divisor: these come to every partition. */
const ORIGINS = 19

const { kafka, registry } = await startTestStack(t, { servers: ['kafka', 'registry'], kafka: { messageMaxBytes: RAISED_BYTES + 1_000_000, properties: APPEND_TIMES } })
const servers = { kafka: kafka.brokers, registry: registry.url }

t.test(`M9: each of ${ROUTING_KINDS.length} ways to be wrong, first, in the middle and last of its poll, is a dead letter for its reason, and its neighbours are delivered once`, async t => {
  const places = ['bad', 'good', 'bad', 'good', 'bad'] as const
  const run = await RoutingRun.create(t, {
    name: 'routing-poison', servers, partitions: 1, knobs: { CHUNK_RECORDS: String(places.length), KAFKA_MAX_MESSAGE_BYTES: String(RAISED_BYTES) }
  })
  const options: RoutingGeneratorOptions = {
    seed: 1, originServiceType: 'financial', originServiceIds: ['1', '2', '3'], destinations: DESTINATIONS, fanOutShare: 0.5, invalidShare: 0, kinds: [], schemas: await run.road.schemas(), now: Date.now
  }
  const record = (index: number, kind: RoutingKind | undefined) => generateRoutingRecord(kind === undefined ? options : { ...options, invalidShare: 1, kinds: [kind] }, index)
  await run.road.send(ROUTING_KINDS.flatMap((kind, chunk) =>
    places.map((place, at) => record(chunk * places.length + at, place === 'bad' ? kind : undefined))))
  const service = await run.start()
  const { figures } = await run.finish({ metricsTellAll: true })
  const bad = places.filter(place => place === 'bad').length
  t.equal(figures['dead letters'], bad * ROUTING_KINDS.length)
  const metrics = await service.metrics()
  t.equal(metrics.sum('penstock_examined_records_total', { verdict: 'valid' }), (places.length - bad) * ROUTING_KINDS.length)
  t.equal(metrics.sum('penstock_examiner_failures_total'), 0)
  t.same(metrics.by('penstock_dead_letters_total', 'code'), countBy(ROUTING_KINDS.flatMap(({ expected }) => Array.from({ length: bad }, () => expected))))
  t.equal(await service.stop(), 0, { log: service.tail })
})

for (const when of ['before it starts', 'while it runs'] as const) {
  t.test(`D1: a dead-letter topic that is deleted ${when} keeps the offsets of poison records back, and nothing else; not ready, and it heals unaided`, async t => {
    const run = await RoutingRun.create(t, {
      name: `routing-no-letters-${when.replaceAll(' ', '-')}`,
      servers,
      partitions: 2,
      // Else it is only known after the client's own refresh that the topic is there again.
      knobs: { READY_HOLD_MS: '1000', COMMIT_INTERVAL_MS: '100', KAFKA_PROPERTY_TOPIC_METADATA_REFRESH_INTERVAL_MS: '1000' }
    })
    const { kafka, routing } = run.road.config
    if (when === 'before it starts') await deleteTopic(kafka, routing.deadLetterTopic)
    const service = await run.start()
    await service.ownsPartitions()
    if (when === 'while it runs') await deleteTopic(kafka, routing.deadLetterTopic)
    await run.produce({ count: RECORDS, origins: ORIGINS, fanOutShare: 0.3, invalidShare: 0.05 })
    await service.becomesUnready('dead-letters')
    await expectWaiting(t, run, service, ({ expected }) => expected !== 'valid')
    t.match(await service.health('/live'), { status: 200 })
    await run.road.provision()
    await run.finish({ metricsTellAll: true })
    await service.becomesReady()
    t.equal(await service.stop(), 0, { log: service.tail })
  })
}

function countBy (codes: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const code of codes) counts[code] = (counts[code] ?? 0) + 1
  return counts
}
