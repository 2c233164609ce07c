import rdkafka, { type Producer } from 'node-rdkafka'
import t, { type Test } from 'tap'
import { KafkaAdmin } from '../../src/connectors/kafka/admin.js'
import { type KafkaProducerSettings, producerConfig } from '../../src/connectors/kafka/client-config.js'
import { DeliveryProducer } from '../../src/connectors/kafka/delivery-producer.js'
import { type KafkaLog } from '../../src/connectors/kafka/kafka-log.js'
import { headersWithOrigin } from '../../src/connectors/kafka/message-headers.js'
import { createTopicStage } from '../../src/connectors/kafka/topic-stage.js'
import { systemClock } from '../../src/engine/clock.js'
import { Engine } from '../../src/engine/engine.js'
import { DONE } from '../../src/engine/outcome.js'
import { type Header, type SourceRecord } from '../../src/engine/record.js'
import { readTopic } from '../../src/proof/read-topic.js'
import { loadConfig } from '../../src/service/config/load-config.js'
import { countingObserver } from '../helpers/counting-observer.js'
import { DEFAULT_LIMITS } from '../helpers/engine.js'
import { eventually } from '../helpers/eventually.js'
import { FakeStage } from '../helpers/fake-stage.js'
import { startTestStack } from '../helpers/stack.js'

const SOURCE = 'source'
const PARTITIONS = 3
const KEYS = 20
const { kafka } = await startTestStack(t, { servers: ['kafka'], ports: 'free' })
const SETTINGS: KafkaProducerSettings = { ...loadConfig({ KAFKA_BROKERS: kafka.brokers }, 'events').config.kafka, compression: 'lz4' }
const admin = await KafkaAdmin.connect(SETTINGS, 10_000)
t.teardown(() => admin.close())

async function createTopic (name: string, config: Record<string, string> = {}): Promise<void> {
  await admin.createTopic({ name, partitions: PARTITIONS, replicationFactor: 1, config })
}

/** An engine that sends each record of a hand-driven source to the topic that its last header names. */
function road (t: Test, options: { settings?: Partial<KafkaProducerSettings>, batchRecords?: number } = {}) {
  const log = new Proxy({}, { get: () => () => {} }) as KafkaLog
  const producer = new DeliveryProducer({ properties: producerConfig({ ...SETTINGS, lingerMs: 1, ...options.settings }), log, clock: systemClock })
  const counts = countingObserver()
  const rejected: Array<{ offset: number, code: string | undefined }> = []
  const engine = new Engine<{ topic: string }>({
    examiner: {
      examine: async chunk => chunk.map(record => ({ class: 'valid', payload: { topic: String(record.headers.at(-1)?.[1]) } })),
      close: async () => {}
    },
    stages: [createTopicStage({
      producer,
      name: 'topics',
      batch: { maxRecords: options.batchRecords ?? 500, maxBytes: 16 * 1024 * 1024, lingerMs: 0 },
      concurrency: 4,
      topicOf: ({ payload }) => payload.topic,
      messageOf: ({ payload: { topic }, record }) => ({
        topic, key: record.key, value: record.value, headers: headersWithOrigin(record)
      })
    })],
    deadLetters: new FakeStage({
      name: 'dead-letters',
      answer: ({ flights }) => {
        rejected.push(...flights.map(({ offset, failure }) => ({ offset, code: failure?.code })))
        return DONE
      }
    }),
    retryQueue: undefined,
    clock: systemClock,
    random: Math.random,
    observer: counts.observer,
    incidents: counts.incidents,
    limits: { ...DEFAULT_LIMITS, maxInFlightRecords: 100_000, maxInFlightBytes: 1e9, maxUncommittedSpan: 1e6 }
  })
  for (let partition = 0; partition < PARTITIONS; partition++) engine.open({ topic: SOURCE, partition })
  t.teardown(async () => {
    engine.shutDown()
    await producer.close()
  })
  return { engine, producer, counts, rejected, settled: () => engine.settledTotal }
}

/** The client can not be made to fail so: it is as if it had said it, and nothing of what it still had was delivered. */
function failFatally (client: Producer): void {
  const emit = client.emit.bind(client) as (event: string, ...details: unknown[]) => boolean
  client.emit = (event: string, ...details: unknown[]): boolean =>
    event === 'delivery-report' ? emit(event, new Error('Local: Purged in queue'), details[1]) : emit(event, ...details)
  emit('event.error', new Error('Local: Fatal error'))
}

/** A key belongs to one partition, as in Kafka. */
function recordTo (topic: string, offset: number, { size = 100, headers = [] as readonly Header[] } = {}): SourceRecord {
  const key = offset % KEYS
  return {
    topic: SOURCE,
    partition: key % PARTITIONS,
    offset,
    key: Buffer.from(`key-${key}`),
    value: Buffer.from(String(offset).padStart(size)),
    headers: [...headers, ['to', Buffer.from(topic)]],
    timestamp: 1_700_000_000_000
  }
}

/** By key, in the order of the topic: the source's offsets. Every key is in one partition. */
async function read (t: Test, topic: string): Promise<Map<string, number[]>> {
  const byKey = new Map<string, number[]>()
  const partitions = new Map<string, number>()
  await readTopic(SETTINGS, topic, record => {
    const key = String(record.key)
    byKey.set(key, [...byKey.get(key) ?? [], Number(String(record.value))])
    if ((partitions.get(key) ?? record.partition) !== record.partition) t.fail(`${key} is in two partitions`)
    partitions.set(key, record.partition)
  })
  return byKey
}

/** Each record is there, and the first of each stands in the order of the source. */
function inOrder (t: Test, byKey: ReadonlyMap<string, number[]>, offsets: Iterable<number>): void {
  const seen = new Set([...byKey.values()].flat())
  t.strictSame([...offsets].filter(offset => !seen.has(offset)), [], 'nothing is missing')
  for (const [key, sent] of byKey) {
    const firsts = [...new Set(sent)]
    t.strictSame(firsts, firsts.toSorted((a, b) => a - b), `${key} is in order`)
  }
}

t.test('records come to the topic they name with key, value, headers and origin, in the order of their keys', async t => {
  await Promise.all([createTopic('orders-a'), createTopic('orders-b')])
  const { engine, settled } = road(t)
  const binary = Buffer.from([0xFF, 0x00, 0xFE])
  engine.receive(Array.from({ length: 3_000 }, (_, offset) => recordTo(offset % 2 === 0 ? 'orders-a' : 'orders-b', offset, { headers: [['trace', Buffer.from('ä')], ['flag', null], ['span', binary]] })))
  await eventually('all are acknowledged', () => settled() === 3_000)
  t.equal(engine.committable().length, PARTITIONS)
  inOrder(t, await read(t, 'orders-a'), Array.from({ length: 1_500 }, (_, half) => half * 2))
  inOrder(t, await read(t, 'orders-b'), Array.from({ length: 1_500 }, (_, half) => half * 2 + 1))
  let looked = 0
  await readTopic(SETTINGS, 'orders-a', ({ key, value, headers }) => {
    if (String(value).trim() !== '42') return
    looked++
    t.equal(String(key), 'key-2')
    t.strictSame(headers.map(([name, value]) => [name, String(value)]), [
      ['trace', 'ä'], ['flag', ''], ['penstock-base64-span', binary.toString('base64')], ['to', 'orders-a'],
      ['penstock-origin', `${SOURCE}:2:42:1700000000000`]
    ])
  })
  t.equal(looked, 1)
})

t.test('a topic that is missing holds its own records, and they go on in order when it appears', { timeout: 120_000 }, async t => {
  await createTopic('present')
  const { engine, settled, counts, rejected } = road(t)
  engine.receive(Array.from({ length: 400 }, (_, offset) => recordTo(offset % 2 === 0 ? 'present' : 'absent', offset)))
  await eventually('those of the other topic are through', () => settled() === 200)
  await eventually('the missing topic is held', () => engine.holds().some(({ key, scope, code }) => key === 'absent' && scope === 'key' && code === 'NOT_FOUND'), { timeoutMs: 60_000 })
  engine.receive(Array.from({ length: 200 }, (_, at) => recordTo(at % 2 === 0 ? 'present' : 'absent', 400 + at)))
  await eventually('the other topic still goes on', () => settled() === 300)
  await createTopic('absent')
  await eventually('the rest is through', () => settled() === 600, { timeoutMs: 60_000 })
  inOrder(t, await read(t, 'absent'), Array.from({ length: 300 }, (_, half) => half * 2 + 1))
  t.strictSame(rejected, [])
  t.equal(counts.told['attemptsExhausted'], undefined)
})

t.test('a record that is too large is rejected alone, whoever finds it so', { timeout: 120_000 }, async t => {
  await createTopic('small', { 'max.message.bytes': '20000' })
  await createTopic('large')
  // The client refuses what is larger than its own limit, the broker what is larger than the topic's.
  const { engine, settled, rejected } = road(t, { settings: { compression: 'none', batchBytes: 10_000, maxMessageBytes: 100_000 } })
  const records = Array.from({ length: 1_000 }, (_, offset) => recordTo(offset < 500 ? 'small' : 'large', offset, { size: offset === 250 ? 30_000 : offset === 750 ? 200_000 : 100 }))
  engine.receive(records)
  await eventually('all are settled', () => settled() === 1_000, { timeoutMs: 60_000 })
  t.strictSame(rejected.toSorted((a, b) => a.offset - b.offset), [{ offset: 250, code: 'MESSAGE_TOO_LARGE' }, { offset: 750, code: 'MESSAGE_TOO_LARGE' }])
  const others = records.map(({ offset }) => offset).filter(offset => offset !== 250 && offset !== 750)
  inOrder(t, await read(t, 'small'), others.filter(offset => offset < 500))
  inOrder(t, await read(t, 'large'), others.filter(offset => offset >= 500))
})

t.test('where a topic takes less than a batch, its neighbours are not taken for too large', { timeout: 120_000 }, async t => {
  await createTopic('narrow', { 'max.message.bytes': '20000' })
  const { engine, settled, rejected } = road(t, { settings: { compression: 'none' } })
  const records = Array.from({ length: 1_000 }, (_, offset) => recordTo('narrow', offset, { size: offset === 250 ? 30_000 : 100 }))
  engine.receive(records)
  await eventually('all are settled', () => settled() === 1_000, { timeoutMs: 60_000 })
  t.strictSame(rejected, [{ offset: 250, code: 'MESSAGE_TOO_LARGE' }])
  const there = new Set([...(await read(t, 'narrow')).values()].flat())
  t.equal(there.size, 999)
})

t.test('after a fatal error a new client sends what has no report, in order', { timeout: 60_000 }, async t => {
  await createTopic('fatal')
  const clients = new Set<Producer>()
  const { produce } = rdkafka.Producer.prototype
  t.teardown(() => { rdkafka.Producer.prototype.produce = produce })
  let sent = 0
  rdkafka.Producer.prototype.produce = function (this: Producer, ...args: Parameters<typeof produce>): unknown {
    clients.add(this)
    if (++sent === 700) setImmediate(() => { failFatally(this) })
    return Reflect.apply(produce, this, args)
  }
  const { engine, settled, counts, rejected } = road(t, { settings: { properties: { ...SETTINGS.properties, 'queue.buffering.max.messages': '100' } } })
  engine.receive(Array.from({ length: 2_000 }, (_, offset) => recordTo('fatal', offset)))
  await eventually('all are acknowledged', () => settled() === 2_000)
  t.equal(clients.size, 2)
  inOrder(t, await read(t, 'fatal'), Array(2_000).keys())
  t.strictSame([rejected, counts.told['failed']], [[], undefined])
})

t.test('a queue that is full is waited out: nothing is lost, and the order stays', { timeout: 120_000 }, async t => {
  await createTopic('crowded')
  const properties = { ...SETTINGS.properties, 'queue.buffering.max.messages': '100' }
  const { engine, settled, counts } = road(t, { settings: { properties } })
  engine.receive(Array.from({ length: 5_000 }, (_, offset) => recordTo('crowded', offset)))
  await eventually('all are acknowledged', () => settled() === 5_000, { timeoutMs: 60_000 })
  inOrder(t, await read(t, 'crowded'), Array(5_000).keys())
  t.equal(counts.told['failed'], undefined, 'it is no failure')
})

t.test('while the broker is away records wait in place, and go on in order when it is back', { timeout: 180_000 }, async t => {
  await createTopic('patient')
  const { engine, producer, settled, counts, rejected } = road(t, { batchRecords: 50 })
  const half = (from: number) => engine.receive(Array.from({ length: 5_000 }, (_, at) => recordTo('patient', from + at)))
  half(0)
  await eventually('some are through', () => settled() > 500)
  await kafka.kill()
  half(5_000)
  const before = settled()
  await eventually('a call has waited for seconds', () => producer.oldestPendingMs > 3_000)
  t.equal(settled(), before)
  await kafka.start()
  await eventually('all are acknowledged', () => settled() === 10_000, { timeoutMs: 120_000 })
  inOrder(t, await read(t, 'patient'), Array(10_000).keys())
  t.strictSame(rejected, [])
  t.equal(counts.told['attemptsExhausted'], undefined)
})

t.test('a call that is given up settles nothing, and what comes after it is in order', async t => {
  await createTopic('given-up')
  const { engine, settled } = road(t, { settings: { lingerMs: 200 } })
  engine.receive(Array.from({ length: 300 }, (_, offset) => recordTo('given-up', offset)))
  await eventually('it is on its way', () => engine.inFlight.records === 300)
  // Partition 0 goes; its call carried records of the others, or not.
  engine.close([{ topic: SOURCE, partition: 0 }])
  const left = Array.from({ length: 300 }, (_, offset) => recordTo('given-up', offset)).filter(({ partition }) => partition !== 0)
  engine.receive(left.map(record => recordTo('given-up', record.offset + 300)).filter(({ partition }) => partition !== 0))
  await eventually('the rest is settled', () => engine.inFlight.records === 0)
  t.ok(settled() >= left.length)
  const byKey = await read(t, 'given-up')
  inOrder(t, byKey, left.map(({ offset }) => offset))
})
