import { join } from 'node:path'
import t from 'tap'
import { generateRecord, type GeneratedRecord } from '../../src/generator/event-generator.js'
import { type LedgerEntry, LedgerWriter } from '../../src/generator/ledger.js'
import { toEntry } from '../../src/generator/produce-events.js'
import { readTopic } from '../../src/proof/read-topic.js'
import { createKafka } from '../../src/stack/kafka.js'
import { findFreePort } from '../../src/stack/ports.js'
import { type EventsRoad } from '../helpers/events-road.js'
import { eventually } from '../helpers/eventually.js'
import { createTestFolder } from '../helpers/stack.js'
import { FaultRun } from './harness/fault-run.js'
import { TransactionalProducer } from './harness/transactional-producer.js'

const SEED = 11
/** A compaction follows soon after a segment is closed. */
const EAGER_CLEANER = { 'log.cleaner.backoff.ms': 200, 'log.cleaner.min.cleanable.ratio': 0.01, 'log.retention.check.interval.ms': 1_000 }

const dir = createTestFolder(t)
const kafka = createKafka({
  dir, logFile: join(dir, 'kafka.log'), port: await findFreePort(), controllerPort: await findFreePort(), properties: EAGER_CLEANER
})
t.teardown(() => kafka.stop())
await kafka.start()

t.test('K11: aborted transactions and the markers of all of them are passed, also where a partition ends in them', async t => {
  const run = await FaultRun.create(t, { name: 'transactions', kafka: kafka.brokers, partitions: 3 })
  const producer = await TransactionalProducer.connect(t, { kafka: run.road.config.kafka, topic: run.name, keyOf: () => undefined, toEntry })
  const next = records()
  const kept = [
    ...await producer.send(0, next(40), 'commit'),
    ...await dropped(producer.send(0, next(30), 'abort')),
    ...await producer.send(0, next(40), 'commit'),
    ...await dropped(producer.send(0, next(10), 'abort')),
    // Not one record of this partition ever surfaces.
    ...await dropped(producer.send(1, next(20), 'abort')),
    ...await producer.send(2, next(20), 'commit')
  ]
  await writeLedger(run.road, kept)
  const service = await run.start()
  await run.finish({ metricsTellAll: true })
  t.same(await run.road.committed(), new Map([[0, 40 + 1 + 30 + 1 + 40 + 1 + 10 + 1], [1, 20 + 1], [2, 20 + 1]]), 'every partition is committed to its end')

  const late = await producer.send(1, next(20), 'commit')
  await writeLedger(run.road, [...kept, ...late, ...await dropped(producer.send(2, next(5), 'abort'))])
  await run.finish({ metricsTellAll: true })
  t.equal((await service.metrics()).sum('penstock_repeated_offsets_total'), 0)
  t.equal(await service.stop(), 0, { log: service.tail })
})

t.test('K11: offsets that a compaction took away are passed', async t => {
  const name = 'compacted'
  const keys = 25
  const run = await FaultRun.create(t, { name, kafka: kafka.brokers, partitions: 1, topicConfig: { 'cleanup.policy': 'compact', 'segment.ms': '300' } })
  const { road } = run
  const next = records()
  const versions = next(20 * keys).map((record, index) => ofUid(record, `uid-${index % keys}`))
  await road.send(versions, { key: 'uid' })
  const all = await road.entries()
  const left = new Set<number>()
  // A segment is closed by the record that comes when it is old enough. There is one record of each uid in the end.
  await eventually('the log is compacted', async () => {
    await road.send(next(1), { key: 'uid' })
    all.push(...await road.entries())
    left.clear()
    await readTopic(road.config.kafka, name, ({ offset }) => { left.add(offset) })
    return left.size === new Set(all.map(({ uid }) => uid)).size
  }, { timeoutMs: 120_000 })
  const kept = all.filter(({ place }) => 'offset' in place && left.has(place.offset))
  t.ok(kept.length < all.length / 4, `${kept.length} of ${all.length} records are left`)
  await writeLedger(road, kept)
  await run.start()
  await run.finish({ metricsTellAll: true })
})

function records (): (count: number) => GeneratedRecord[] {
  let index = 0
  return count => Array.from({ length: count }, () => generateRecord({ seed: SEED, invalidShare: 0, extraShare: 0, kinds: [] }, index++))
}

function ofUid (record: GeneratedRecord, uid: string): GeneratedRecord {
  const event = { ...JSON.parse(String(record.value)) as Record<string, unknown>, uid }
  return { ...record, uid, value: Buffer.from(JSON.stringify(event)) }
}

async function dropped (aborted: Promise<readonly LedgerEntry[]>): Promise<[]> {
  await aborted
  return []
}

async function writeLedger (road: EventsRoad, entries: readonly LedgerEntry[]): Promise<void> {
  const ledger = await LedgerWriter.create(road.ledger, {})
  for (const entry of entries) ledger.append(entry)
  await ledger.close()
}
