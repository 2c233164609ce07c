import t from 'tap'
import { type CheckResult } from '../../src/cli/checks/check-result.js'
import { checkKafka, deliveryTopics } from '../../src/cli/checks/kafka.js'
import { provisionDelivery } from '../../src/cli/provision/provision-delivery.js'
import { KafkaAdmin } from '../../src/connectors/kafka/admin.js'
import { loadConfig } from '../../src/service/config/load-config.js'
import { startTestStack } from '../helpers/stack.js'

const OPTIONS = { partitions: 6, replicationFactor: 1, timeoutMs: 30_000 }
const DESTINATIONS = [
  { name: 'bigquery', url: 'https://bigquery.example.com/events' },
  { name: 'redshift', url: 'https://redshift.example.com/events', deadLetterTopic: 'shared' },
  { name: 'snowflake', url: 'https://snowflake.example.com/events', deadLetterTopic: 'shared' }
]
const TOPICS = ['event-log', 'event-delivery-kafka-bigquery.dead-letters', 'shared']

const { kafka } = await startTestStack(t, { servers: ['kafka'] })
const { config } = loadConfig({ KAFKA_BROKERS: kafka.brokers, DELIVERY_DESTINATIONS_JSON: JSON.stringify(DESTINATIONS) }, 'delivery')

t.test('create makes the topic of the events and those of the dead letters; again, it finds them', async t => {
  t.same((await failures()).map(({ name }) => name), TOPICS.map(name => `topic ${name}`))
  t.same((await provisionDelivery(config, OPTIONS)).map(({ name, result }) => [name, result]), TOPICS.map(name => [name, 'created']))
  t.same((await provisionDelivery(config, OPTIONS)).map(({ name, result }) => [name, result]), TOPICS.map(name => [name, 'existed']))
  t.same(await failures(), [])
  const admin = await KafkaAdmin.connect(config.kafka, 10_000)
  t.teardown(() => admin.close())
  for (const topic of await admin.describeTopics(TOPICS)) t.equal(topic?.partitions.length, 6)
})

t.test('check says what the group of each destination has committed', async t => {
  const groups = (await check()).filter(({ name }) => name.startsWith('group '))
  t.match(groups, DESTINATIONS.map(({ name }) => ({ status: 'note', name: `group event-delivery-kafka-${name}`, detail: /0 of 6 partitions/ })))
})

async function check (): Promise<CheckResult[]> {
  return await checkKafka(config.kafka, deliveryTopics(config), 10_000)
}

async function failures (): Promise<CheckResult[]> {
  return (await check()).filter(({ status }) => status === 'failed')
}
