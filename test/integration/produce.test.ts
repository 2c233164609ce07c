import { hash } from 'node:crypto'
import { join } from 'node:path'
import rdkafka, { type Message, type Producer } from 'node-rdkafka'
import t from 'tap'
import { type KafkaProducerSettings } from '../../src/connectors/kafka/client-config.js'
import { KafkaAdmin } from '../../src/connectors/kafka/admin.js'
import { type LedgerEntry, readLedger } from '../../src/generator/ledger.js'
import { produceEvents, type ProduceOptions } from '../../src/generator/produce-events.js'
import { loadConfig } from '../../src/service/config/load-config.js'
import { startTestStack, type TestScope } from '../helpers/stack.js'

const TOPIC = 'produce-test'
const COUNT = 5_000

t.test('straight to Kafka: the ledger names every record by its place, also when a run was stopped', async t => {
  const { kafka } = await startTestStack(t, { servers: ['kafka'], ports: 'free' })
  const { config } = loadConfig({ KAFKA_BROKERS: kafka.brokers }, 'events')
  const settings: KafkaProducerSettings = { ...config.kafka, compression: 'lz4' }
  const admin = await KafkaAdmin.connect(settings, 10_000)
  t.teardown(() => admin.close())
  await admin.createTopic({ name: TOPIC, partitions: 3, replicationFactor: 1, config: {} })

  const ledger = join(t.testdir(), 'ledger.ndjson')
  const stop = new AbortController()
  const polledLate = countLatePolls(t)
  const options: ProduceOptions = {
    to: { kafka: settings, topic: TOPIC, key: 'client' }, count: COUNT, invalidShare: 0.1, extraShare: 0.2, seed: 3, ledger
  }
  const first = await produceEvents({ ...options, ratePerSecond: 4_000, signal: stop.signal, onProgress: () => stop.abort() })
  const second = await produceEvents({ ...options, resume: true })
  t.ok(first.stopped && first.acknowledged > 0 && first.acknowledged < COUNT)
  t.match(second, { skipped: first.acknowledged, acknowledged: COUNT - first.acknowledged, failed: 0 })
  t.equal(polledLate(), 0, 'no client is polled while it is being freed')

  const entries = new Map<string, LedgerEntry>()
  await readLedger(ledger, entry => { if ('offset' in entry.place) entries.set(`${entry.place.partition}:${entry.place.offset}`, entry) })
  t.equal(entries.size, COUNT)
  const messages = await readAll(kafka.brokers, COUNT)
  t.equal(messages.length, COUNT, 'none twice')
  for (const { partition, offset, value, key } of messages) {
    const entry = entries.get(`${partition}:${offset}`)
    if (entry?.sha256 !== hash('sha256', value ?? '') || String(key) !== entry.client) t.fail(`${partition}:${offset} ${entry?.kind}`)
    if (entry?.kind === 'tombstone') t.equal(value, null)
  }
})

t.test('without brokers it says so', { timeout: 60_000 }, async t => {
  const { config } = loadConfig({ KAFKA_BROKERS: '127.0.0.1:1' }, 'events')
  await t.rejects(produceEvents({ to: { kafka: { ...config.kafka, compression: 'lz4' }, topic: TOPIC, key: 'none' }, count: 1 }), { code: 'UNAVAILABLE' })
})

/** How often a producer was polled after it had been told to disconnect. */
function countLatePolls (t: TestScope): () => number {
  const { poll, disconnect } = rdkafka.Producer.prototype
  const leaving = new WeakSet<Producer>()
  let count = 0
  t.teardown(() => { Object.assign(rdkafka.Producer.prototype, { poll, disconnect }) })
  Object.assign(rdkafka.Producer.prototype, {
    poll (this: Producer): Producer {
      if (leaving.has(this)) count++
      return poll.call(this)
    },
    disconnect (this: Producer, ...args: unknown[]): unknown {
      leaving.add(this)
      return Reflect.apply(disconnect, this, args)
    }
  })
  return () => count
}

async function readAll (brokers: string, count: number): Promise<Message[]> {
  const consumer = new rdkafka.KafkaConsumer({ 'bootstrap.servers': brokers, 'group.id': 'reader', 'enable.auto.commit': false }, { 'auto.offset.reset': 'earliest' })
  await new Promise<void>((resolve, reject) => consumer.connect({}, error => error ? reject(new Error(error.message)) : resolve()))
  consumer.assign([0, 1, 2].map(partition => ({ topic: TOPIC, partition, offset: 0 })))
  const messages: Message[] = []
  consumer.setDefaultConsumeTimeout(100)
  const deadline = Date.now() + 20_000
  for (let quiet = 0; (messages.length < count || quiet < 5) && Date.now() < deadline;) {
    const some = await new Promise<Message[]>((resolve, reject) => consumer.consume(500, (error, batch) => error ? reject(new Error(error.message)) : resolve(batch)))
    messages.push(...some)
    quiet = some.length === 0 ? quiet + 1 : 0
  }
  await new Promise<void>(resolve => consumer.disconnect(() => resolve()))
  return messages
}
