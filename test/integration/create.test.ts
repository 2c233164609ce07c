import { type DescribeTableCommandOutput, DescribeTableCommand, DescribeTimeToLiveCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { CreateQueueCommand, GetQueueUrlCommand, ListQueueTagsCommand, SetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs'
import t from 'tap'
import { checkKafka, eventsTopics } from '../../src/cli/checks/kafka.js'
import { checkTable } from '../../src/cli/checks/dynamodb.js'
import { checkQueues } from '../../src/cli/checks/sqs.js'
import { provisionEvents } from '../../src/cli/provision/provision-events.js'
import { readAttributes } from '../../src/cli/provision/queues.js'
import { KafkaAdmin } from '../../src/connectors/kafka/admin.js'
import { type EventsConfig, loadConfig } from '../../src/service/config/load-config.js'
import { startTestStack } from '../helpers/stack.js'
import { queueOf, readTemplate, tableOf } from '../helpers/templates.js'

const OPTIONS = { partitions: 3, replicationFactor: -1, update: false, timeoutMs: 30_000 }

/** What the local servers do not keep, of what the templates say. AWS does; a change in either is news. */
const IGNORED_BY_DYNAMODB_LOCAL = ['SSESpecification', 'Tags']
const IGNORED_BY_ELASTICMQ = ['DeduplicationScope', 'FifoThroughputLimit', 'MaximumMessageSize', 'MessageRetentionPeriod', 'SqsManagedSseEnabled']

const { kafka, dynamodb, elasticmq } = await startTestStack(t, { servers: ['kafka', 'dynamodb', 'elasticmq'] })
Object.assign(process.env, {
  AWS_REGION: 'eu-west-1',
  AWS_ACCESS_KEY_ID: 'local',
  AWS_SECRET_ACCESS_KEY: 'local',
  AWS_ENDPOINT_URL_DYNAMODB: dynamodb.endpoint,
  AWS_ENDPOINT_URL_SQS: elasticmq.endpoint
})
const tables = new DynamoDBClient()
const queues = new SQSClient({ useQueueUrlAsEndpoint: false })
t.teardown(() => { tables.destroy(); queues.destroy() })
const config = configFor({})

t.test('Before `create`, `check` names what is missing and what to do', async t => {
  const results = await check(config)
  const failures = results.filter(({ status }) => status === 'failed')
  t.same(failures.map(({ name }) => name), [
    'topic stream_producer', 'topic stream_producer.dead-letters', 'table pismo',
    'queue of Client_A', 'queue of Client_B', 'queue of Client_C', 'queue of Client_D', 'retry queue'
  ])
  for (const { remedy } of failures) t.equal(remedy, 'penstock create')
})

t.test('`create` makes everything, once', async t => {
  const first = await provisionEvents(config, OPTIONS)
  t.equal(first.length, 8)
  t.same(new Set(first.map(({ result }) => result)), new Set(['created']), JSON.stringify(first))
  const second = await provisionEvents(config, OPTIONS)
  t.same(new Set(second.map(({ result }) => result)), new Set(['existed']), JSON.stringify(second))
  t.same((await check(config)).filter(({ status }) => status === 'failed'), [])
})

t.test('The topics have the partitions asked for', async t => {
  const admin = await KafkaAdmin.connect(config.kafka, 10_000)
  t.teardown(() => admin.close())
  const topics = await admin.describeTopics(['stream_producer', 'stream_producer.dead-letters', 'neither'])
  t.match(topics, [{ partitions: [0, 1, 2], replicas: 1 }, { partitions: [0, 1, 2], replicas: 1 }, undefined])
  t.same(await admin.watermarks('stream_producer', 0), { low: 0, high: 0 })
  t.same(await admin.committed('nobody', 'stream_producer', [0]), [{ topic: 'stream_producer', partition: 0, offset: undefined }])
})

t.test('The table is what its template says, but for what DynamoDB Local ignores', async t => {
  const template = tableOf(readTemplate('table').EventMessageTable)
  const { Table: table } = await tables.send(new DescribeTableCommand({ TableName: 'pismo' }))
  t.same(ignored(template.input, described(table)), IGNORED_BY_DYNAMODB_LOCAL)
  const { TimeToLiveDescription: ttl } = await tables.send(new DescribeTimeToLiveCommand({ TableName: 'pismo' }))
  t.equal(ttl?.TimeToLiveStatus, 'DISABLED')
})

t.test('The queues are what their templates say, but for what ElasticMQ ignores', async t => {
  const resources = [...Object.values(readTemplate('queues')), ...Object.values(readTemplate('retry-queue'))]
  for (const { name, attributes, tags } of resources.map(queueOf)) {
    const { QueueUrl: url = '' } = await queues.send(new GetQueueUrlCommand({ QueueName: name }))
    t.same(ignored(attributes, await readAttributes(queues, url)), IGNORED_BY_ELASTICMQ, name)
    const { Tags: found } = await queues.send(new ListQueueTagsCommand({ QueueUrl: url }))
    t.same(found, tags, name)
  }
})

t.test('A queue that differs is left alone unless --update says otherwise, and a wrong kind is refused', async t => {
  const { QueueUrl: url = '' } = await queues.send(new GetQueueUrlCommand({ QueueName: 'retry.fifo' }))
  await queues.send(new SetQueueAttributesCommand({ QueueUrl: url, Attributes: { VisibilityTimeout: '5' } }))
  const retryStep = async (update: boolean): Promise<unknown> =>
    (await provisionEvents(config, { ...OPTIONS, update })).find(({ name }) => name === 'retry.fifo')
  t.match(await retryStep(false), { result: 'differs', detail: /VisibilityTimeout is 5, defined as 60/ })
  t.match(await retryStep(true), { result: 'changed' })
  t.match(await retryStep(false), { result: 'existed' })

  const { QueueUrl: standard = '' } = await queues.send(new CreateQueueCommand({ QueueName: 'standard' }))
  const wrong = configFor({ SQS_QUEUE_URLS: JSON.stringify({ Client_B: standard }) })
  t.match((await checkQueues(wrong)).filter(({ status }) => status === 'failed'), [{ name: 'queue of Client_B', detail: /is not a FIFO queue/ }])
  t.match((await provisionEvents(wrong, OPTIONS)).find(({ name }) => name === 'standard'), { result: 'skipped' })
})

t.test('A table with another key is refused', async t => {
  const { CreateTableCommand } = await import('@aws-sdk/client-dynamodb')
  await tables.send(new CreateTableCommand({
    TableName: 'other',
    AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    BillingMode: 'PAY_PER_REQUEST'
  }))
  const other = configFor({ EVENTS_TABLE: 'other' })
  t.match(await checkTable(other), [{ status: 'failed', detail: /id HASH, where UUID HASH/ }])
  t.match((await provisionEvents(other, OPTIONS)).find(({ kind }) => kind === 'table'), { result: 'differs' })
})

function configFor (env: Readonly<Record<string, string>>): EventsConfig {
  return loadConfig({ KAFKA_BROKERS: kafka.brokers, ...env }, 'events').config
}

async function check (config: EventsConfig): Promise<Awaited<ReturnType<typeof checkQueues>>> {
  return [...await checkKafka(config.kafka, eventsTopics(config), 10_000), ...await checkTable(config), ...await checkQueues(config)]
}

/** DescribeTable in the terms of CreateTable. */
function described (table: DescribeTableCommandOutput['Table']): Readonly<Record<string, unknown>> {
  return { ...table, BillingMode: table?.BillingModeSummary?.BillingMode, SSESpecification: table?.SSEDescription }
}

/** Names of what was asked for and is not there, or is otherwise. */
function ignored (wanted: object, found: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(wanted)
    .filter(([name, value]) => JSON.stringify(found[name]) !== JSON.stringify(value))
    .map(([name]) => name)
    .sort()
}
