/**
 * `node naive.js <workers>`: what the service is compared with. Each worker takes a record, parses and validates it, and
 * waits for one PutItem and then for one SendMessage, as the load test of the first program of this kind did. Settings
 * come from the same variables as the service's. It promises nothing: the client commits what it has handed out, order
 * is left to chance, a failed call ends it.
 */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb'
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { Ajv } from 'ajv'
import formats from 'ajv-formats'
import rdkafka, { type Message } from 'node-rdkafka'

interface Event {
  readonly uid: string
  readonly context: string
  readonly event_type: string
  readonly client: string
  readonly created_at: string
}

const workers = Number(process.argv[2] ?? 1)
const { KAFKA_BROKERS: brokers, KAFKA_GROUP_ID: group, EVENTS_TOPIC: topic = '', EVENTS_TABLE: table = 'pismo', AWS_ENDPOINT_URL: endpoint = '' } = process.env
const IDLE_MS = 10

const schema = JSON.parse(readFileSync(new URL('../../../resource/schema.json', import.meta.url), 'utf8')) as object
const validate = formats.default(new Ajv()).compile(schema)
const requestHandler = { httpAgent: { maxSockets: workers }, httpsAgent: { maxSockets: workers } }
const dynamodb = new DynamoDBClient({ requestHandler })
const sqs = new SQSClient({ requestHandler })

const consumer = new rdkafka.KafkaConsumer({ 'bootstrap.servers': brokers ?? '', 'group.id': group ?? '', 'enable.auto.commit': true }, { 'auto.offset.reset': 'earliest' })
consumer.setDefaultConsumeTimeout(IDLE_MS)
consumer.connect()
await once(consumer, 'ready')
consumer.subscribe([topic])

const stopping = new AbortController()
process.on('SIGTERM', () => { stopping.abort() })
const waiting: Message[] = []
let filling: Promise<void> | undefined
await Promise.all(Array.from({ length: workers }, work))
consumer.disconnect(() => { process.exit(0) })

async function work (): Promise<void> {
  while (!stopping.signal.aborted) {
    const message = waiting.shift()
    if (message === undefined) await (filling ??= fill().finally(() => { filling = undefined }))
    else await handle(message)
  }
}

function fill (): Promise<void> {
  return new Promise((resolve, reject) => {
    consumer.consume(workers, (error, messages) => {
      if (error !== null && error !== undefined) return reject(new Error(error.message))
      waiting.push(...messages)
      resolve()
    })
  })
}

async function handle ({ value, partition }: Message): Promise<void> {
  const body = String(value)
  const event = JSON.parse(body) as Event
  if (!validate(event)) throw new Error(`invalid: ${JSON.stringify(validate.errors)}`)
  await dynamodb.send(new PutItemCommand({
    TableName: table,
    Item: {
      UUID: { S: event.uid },
      Context: { S: event.context },
      EventType: { S: event.event_type },
      Client: { S: event.client },
      CreatedAt: { S: event.created_at }
    }
  }))
  await sqs.send(new SendMessageCommand({
    QueueUrl: `${endpoint}/000000000000/${event.client}.fifo`,
    MessageBody: body,
    MessageGroupId: `${topic}-${partition}`,
    MessageDeduplicationId: event.uid
  }))
}
