import t from 'tap'
import { KafkaAdmin } from '../../src/connectors/kafka/admin.js'
import { type SourceRecord } from '../../src/engine/record.js'
import { NEW_TOPIC_PARTITIONS } from '../../src/ingest/ensure-event-log.js'
import { type DeliveryEvent } from '../../src/pipelines/delivery/event.js'
import { readTopic } from '../../src/proof/read-topic.js'
import { javaPartition } from '../../src/proof/routing/java-partition.js'
import { loadConfig } from '../../src/service/config/load-config.js'
import { askBroker, int32, int8, text } from '../../src/stack/kafka-wire.js'
import { TestService } from '../helpers/service.js'
import { startTestStack } from '../helpers/stack.js'

const USERS = 40
const TOPIC = 'event-log'
const ACK_TIMEOUT_MS = 1_000

const { kafka } = await startTestStack(t, { servers: ['kafka'], ports: 'free' })
const environment = {
  KAFKA_BROKERS: kafka.brokers,
  DELIVERY_PARTS: 'ingest',
  INGEST_PORT: '0',
  INGEST_ACK_TIMEOUT_MS: String(ACK_TIMEOUT_MS),
  ADMIN_PORT: '0'
}
const { config } = loadConfig(environment, 'delivery')
/** By id, with the user: what was answered with 202. */
const accepted = new Map<string, string>()

t.test('The document\'s request is accepted on a fresh cluster, and the topic is made with its retention', async t => {
  const service = await start(t)
  await service.becomesReady()
  t.ok(service.log.some(({ client, message }) => client === 'producer' && message === 'connected to Kafka'), 'the first event waits for no connection')
  const { status, body } = await put(service, { user_id: 'user_test_1', payload: 'event click !!!!' })
  t.equal(status, 202)
  t.match(body, { id: /^evt_[0-9a-f]{32}$/ })
  accepted.set(String(body.id), 'user_test_1')
  const admin = await KafkaAdmin.connect(config.kafka, 10_000)
  t.teardown(() => admin.close())
  const [topic] = await admin.describeTopics([TOPIC])
  t.equal(topic?.partitions.length, NEW_TOPIC_PARTITIONS)
  t.equal(await topicSetting('retention.ms'), String(24 * 60 * 60 * 1000))
  t.equal(await service.stop(), 0)
})

t.test('Events of a user share the partition that the Java client would choose, in the order they were sent', async t => {
  const service = await start(t)
  await service.becomesReady()
  for (let round = 0; round < 5; round++) {
    const events = Array.from({ length: USERS }, (_, user) => ({ user_id: `user_${user}`, payload: String(round) }))
    const { status, body } = await put(service, events)
    t.equal(status, 202)
    body.ids?.forEach((id, index) => { accepted.set(id, `user_${index}`) })
  }
  const records = await readLog()
  t.strictSame(new Set(records.map(({ event }) => event.id)), new Set(accepted.keys()), 'what was accepted is there, and nothing else')
  t.strictSame(records.filter(({ record, event }) => String(record.key) !== event.user_id || record.partition !== javaPartition(record.key ?? Buffer.alloc(0), NEW_TOPIC_PARTITIONS)), [])
  for (let user = 0; user < USERS; user++) {
    t.equal(records.filter(({ event }) => event.user_id === `user_${user}`).map(({ event }) => event.payload).join(), '0,1,2,3,4', `user_${user}`)
  }
  t.equal((await service.metrics()).sum('penstock_ingest_events_total'), USERS * 5)
  t.equal(await service.stop(), 0)
})

t.test('While Kafka is away nothing is accepted and nobody waits long; when it is back, what was accepted is there', async t => {
  const service = await start(t)
  await service.becomesReady()
  t.equal((await put(service, { user_id: 'before', payload: '' }, accepted)).status, 202)
  await kafka.kill()
  const first = await put(service, { user_id: 'away', payload: '' })
  t.equal(first.status, 503)
  t.ok(Number(first.retryAfter) >= 1)
  await service.becomesUnready('ingest')
  const startedAt = performance.now()
  t.equal((await put(service, { user_id: 'refused', payload: '' })).status, 503)
  t.ok(performance.now() - startedAt < ACK_TIMEOUT_MS, 'at once')
  t.equal((await service.health('/live')).status, 200)
  await kafka.start()
  await service.becomesReady()
  t.equal((await put(service, { user_id: 'after', payload: '' }, accepted)).status, 202)
  const records = await readLog()
  const users = records.map(({ event }) => event.user_id)
  t.strictSame([...accepted.keys()].filter(id => !records.some(({ event }) => event.id === id)), [], 'every accepted event is in the log')
  t.equal(users.filter(user => user === 'away').length, 1, 'the one that had begun arrived after all')
  t.equal(users.filter(user => user === 'refused').length, 0)
  t.equal(await service.stop(), 0)
})

t.test('Kafka that goes away turns readiness red although no event comes, and the first one after its return is accepted', async t => {
  const service = await start(t)
  await service.becomesReady()
  await kafka.kill()
  await service.becomesUnready('ingest')
  t.equal((await service.health('/live')).status, 200)
  await kafka.start()
  await service.becomesReady()
  t.equal((await put(service, { user_id: 'first', payload: '' })).status, 202)
  t.equal(await service.stop(), 0)
})

t.test('A process that starts before Kafka answers 503 until it is there', async t => {
  await kafka.kill()
  const service = await start(t)
  t.equal((await put(service, { user_id: 'early', payload: '' })).status, 503)
  t.equal((await service.health('/ready')).status, 503)
  await kafka.start()
  await service.becomesReady()
  t.equal((await put(service, { user_id: 'late', payload: '' })).status, 202)
  t.equal(await service.stop(), 0)
})

async function start (t: Parameters<typeof TestService.start>[0]): Promise<TestService> {
  return await TestService.start(t, environment, [], 'delivery')
}

async function put (service: TestService, events: unknown, seen?: Map<string, string>) {
  const { url } = await service.logged('accepting events')
  const response = await fetch(String(url), { method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify(events) })
  const body = await response.json() as { id?: string, ids?: string[] }
  if (body.id !== undefined) seen?.set(body.id, '')
  return { status: response.status, body, retryAfter: response.headers.get('retry-after') }
}

/** In the order of each partition. */
async function readLog (): Promise<Array<{ record: SourceRecord, event: DeliveryEvent }>> {
  const records: Array<{ record: SourceRecord, event: DeliveryEvent }> = []
  await readTopic(config.kafka, TOPIC, record => { records.push({ record, event: JSON.parse(String(record.value)) as DeliveryEvent }) })
  return records
}

/** Of the topic, as the broker has it: the Kafka client can not ask for it. DescribeConfigs, version 1. */
async function topicSetting (name: string): Promise<string> {
  const [host = '', port] = kafka.brokers.split(':')
  const body = Buffer.concat([int32(1), int8(2), text(TOPIC), int32(1), text(name), int8(0)])
  const answer = await askBroker(host, Number(port), { apiKey: 32, apiVersion: 1, flexible: false, body }, AbortSignal.timeout(10_000))
  const at = answer.indexOf(text(name)) + text(name).length
  return answer.toString('utf8', at + 2, at + 2 + answer.readInt16BE(at))
}
