import t from 'tap'
import { CreateQueueCommand, GetQueueAttributesCommand, ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs'
import { createSqsClient } from '../../src/connectors/aws/clients.js'
import { queueAddresses } from '../../src/connectors/sqs/queue-addresses.js'
import { clientQueueDefinition, retryQueueDefinition } from '../../src/connectors/sqs/definition.js'
import { encodeEntry } from '../../src/connectors/sqs/entry.js'
import { fifoId } from '../../src/connectors/sqs/fifo-id.js'
import { QueueDirectory } from '../../src/connectors/sqs/queue-directory.js'
import { createQueueStage } from '../../src/connectors/sqs/queue-stage.js'
import { RetryQueueReceiver } from '../../src/connectors/sqs/retry-queue-receiver.js'
import { SdkBatchSender } from '../../src/connectors/sqs/sdk-batch-sender.js'
import { createRetrySendStage, RETRY_QUEUE_KEY } from '../../src/connectors/sqs/retry-send-stage.js'
import { systemClock } from '../../src/engine/clock.js'
import { type ReplayMessage } from '../../src/engine/replay.js'
import { startTestStack } from '../helpers/stack.js'
import { until } from '../helpers/until.js'
import { flightOf } from '../unit/connectors/flights.js'

process.env.AWS_ACCESS_KEY_ID = 'test'
process.env.AWS_SECRET_ACCESS_KEY = 'test'

const stack = await startTestStack(t, { servers: ['elasticmq'] })
const client = createSqsClient({ region: 'eu-west-1', endpoint: stack.elasticmq.endpoint, maxSockets: 8, connectTimeoutMs: 60_000, requestTimeoutMs: 60_000 })
t.teardown(() => { client.destroy() })
const calls = { client, callTimeoutMs: 60_000 }
const sender = new SdkBatchSender(client, 60_000)
const { signal } = new AbortController()

async function createQueue ({ name, attributes }: { name: string, attributes: Readonly<Record<string, string>> }): Promise<string> {
  const supported = { FifoQueue: 'true', VisibilityTimeout: attributes['VisibilityTimeout'] ?? '30' }
  return (await client.send(new CreateQueueCommand({ QueueName: name, Attributes: supported }))).QueueUrl ?? ''
}

async function receive (url: string): Promise<string[]> {
  const bodies: string[] = []
  for (;;) {
    const { Messages: messages = [] } = await client.send(new ReceiveMessageCommand({ QueueUrl: url, MaxNumberOfMessages: 10, VisibilityTimeout: 600 }))
    if (messages.length === 0) return bodies
    bodies.push(...messages.map(message => message.Body ?? ''))
  }
}

interface Event { readonly client: string, readonly group: string, readonly body: string }

function stageOn (queues: QueueDirectory) {
  return createQueueStage<Event>({
    name: 'queues',
    sender,
    queues,
    batch: { maxRecords: 10, maxBytes: 1024 * 1024, lingerMs: 0 },
    concurrency: 1,
    queueKey: flight => flight.payload.client,
    groupId: flight => flight.payload.group,
    entry: ({ payload }) => encodeEntry({ body: payload.body, groupId: payload.group, deduplicationId: fifoId(payload.body) })
  })
}

const directory = (...clients: string[]) => new QueueDirectory({ ...calls, addresses: queueAddresses(clients, {}) })

t.test('messages arrive as they were sent, in order, and a repeated send is dropped', async t => {
  const url = await createQueue(clientQueueDefinition('Client_A'))
  const queues = directory('Client_A')
  t.strictSame(await queues.resolve(signal), [])
  const stage = stageOn(queues)
  const bodies = Array.from({ length: 10 }, (_, index) => `{"n":${index},"text":"é😀"}`)
  const batch = bodies.map(body => flightOf({ client: 'Client_A', group: 'Client_A:0', body }))
  for (let sends = 0; sends < 2; sends++) {
    t.ok((await stage.run(batch, signal)).every(outcome => outcome.class === 'done'))
  }
  t.strictSame(await receive(url), bodies)
})

t.test('a client whose queue is missing waits for it, and the others go on', async t => {
  const queues = directory('Client_A', 'Client_B')
  t.match(await queues.resolve(signal), [{ key: 'Client_B', error: { code: 'NOT_FOUND' } }])
  const stage = stageOn(queues)
  const batch = [flightOf({ client: 'Client_B', group: 'g', body: 'late' })]
  t.match(await stage.run(batch, signal), [{ class: 'environment', scope: 'key', code: 'NOT_FOUND' }])
  t.match(await stage.run([flightOf({ client: 'Client_A', group: 'g', body: 'on time' })], signal), [{ class: 'done' }])
  const url = await createQueue(clientQueueDefinition('Client_B'))
  t.match(await stage.run(batch, signal), [{ class: 'done' }])
  t.strictSame(await receive(url), ['late'])
})

t.test('a queue URL is reached at the endpoint, whatever its host', async t => {
  const url = await createQueue(clientQueueDefinition('Client_C'))
  const foreign = url.replace(/^http:\/\/[^/]+/, 'http://sqs.nowhere.invalid')
  const queues = new QueueDirectory({ ...calls, addresses: queueAddresses(['Client_C'], { Client_C: foreign }) })
  t.match(await stageOn(queues).run([flightOf({ client: 'Client_C', group: 'g', body: 'here' })], signal), [{ class: 'done' }])
  t.strictSame(await receive(url), ['here'])
})

t.test('a server that is unreachable holds every queue', async t => {
  const away = createSqsClient({ region: 'eu-west-1', endpoint: 'http://127.0.0.1:1', maxSockets: 1, connectTimeoutMs: 500, requestTimeoutMs: 500 })
  t.teardown(() => { away.destroy() })
  const queues = new QueueDirectory({ client: away, callTimeoutMs: 1000, addresses: queueAddresses(['Client_A'], {}) })
  t.match(await stageOn(queues).run([flightOf({ client: 'Client_A', group: 'g', body: 'x' })], signal), [{ class: 'environment', scope: 'stage', code: 'UNAVAILABLE' }])
})

t.test('a record goes through the retry queue, byte for byte, and is gone when it is done', async t => {
  const url = await createQueue(retryQueueDefinition('retry.fifo'))
  const queues = new QueueDirectory({ ...calls, addresses: new Map([[RETRY_QUEUE_KEY, { name: 'retry.fifo' }]]) })
  const stage = createRetrySendStage<string>({
    sender,
    queues,
    batch: { maxRecords: 10, maxBytes: 1e6, lingerMs: 0 },
    concurrency: 1,
    groupOf: flight => flight.payload,
    restMs: () => 0
  })
  const record = { topic: 'events', partition: 3, offset: 42, key: null, value: Buffer.from([0xff, 0x00, 0x7b]), headers: [['h', Buffer.from('\uFFFF')] as const], timestamp: 1 }
  const flight = flightOf('group', { record })
  flight.failure = { code: 'TIMEOUT', detail: 'slow', stage: 'table', firstAt: 1000, lastAt: 2000 }
  flight.retryCount = 1
  await client.send(new SendMessageCommand({ QueueUrl: url, MessageBody: 'not ours', MessageGroupId: 'z', MessageDeduplicationId: 'z' }))
  t.match(await stage.run([flight], signal), [{ class: 'done' }])

  const delivered: ReplayMessage[] = []
  const undecodable: string[] = []
  const receiver = new RetryQueueReceiver({
    calls,
    queues,
    clock: systemClock,
    visibilityMs: 5000,
    waitMs: 1000,
    credit: () => 10,
    deliver: messages => { delivered.push(...messages) },
    observer: { undecodable: (_id, reason) => { undecodable.push(reason) }, failed: (action, error) => { t.fail(`${action}: ${error.message}`) } }
  })
  t.teardown(async () => { await receiver.close(1000) })
  receiver.start()
  await until(() => delivered.length === 1)
  t.match(delivered[0], { attempts: 1, failure: flight.failure })
  t.strictSame(delivered[0]?.record, record)
  delivered[0]?.postpone(0)
  await until(() => delivered.length === 2)
  t.match(delivered[1], { attempts: 1 }, 'a postponed message comes back and counts the same')

  // The next pass is handed over before the message of this one is deleted.
  flight.retryCount = 2
  t.match(await stage.run([flight], signal), [{ class: 'done' }])
  delivered[1]?.done()
  await until(() => delivered.length === 3)
  t.match(delivered[2], { attempts: 2 })
  delivered[2]?.done()
  await receiver.close(5000)
  const { Attributes: attributes } = await client.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] }))
  t.match(attributes, { ApproximateNumberOfMessages: '0', ApproximateNumberOfMessagesNotVisible: '1' }, 'what is not ours stays')
  t.equal(undecodable.length, 1)
})
