import { ChangeMessageVisibilityBatchCommand, DeleteMessageBatchCommand, DeleteMessageCommand, type Message, ReceiveMessageCommand, SendMessageBatchCommand } from '@aws-sdk/client-sqs'
import t from 'tap'
import { countMessages } from '../../../../src/proof/drain-queue.js'
import { until } from '../../../helpers/until.js'
import { type Clients, queueUrl, send, startWithClients } from './clients.js'

const QUEUE = 'road-retry.fifo'

t.test('a message is received with what was asked for, hidden, and gone once it is deleted', async t => {
  const clients = await startWithClients(t)
  await handOver(clients, ['a'])
  const [message] = await receive(clients)
  t.match(message, {
    Body: bodyOf('a'), Attributes: { ApproximateReceiveCount: '1', SequenceNumber: /^1\d{19}$/, MessageGroupId: 'group of a' }, MessageAttributes: { RetryCount: { StringValue: '2' } }
  })
  t.notOk(message?.Attributes?.['SentTimestamp'], 'not what was not asked for')
  t.same(await receive(clients), [], 'hidden')
  t.equal(await count(clients), 1)
  await remove(clients, message)
  t.equal(await count(clients), 0)
  t.match(clients.endpoint.recorder.report(false).kept, { [QUEUE]: { visible: 0, hidden: 0, received: 1, deleted: 1, visibilityChanges: 0, mostReceives: 1 } })
})

t.test('what the retry queue takes is told apart from what clients get', async t => {
  const clients = await startWithClients(t)
  await handOver(clients, ['a'])
  await handOver(clients, ['a'])
  const report = clients.endpoint.recorder.report(true)
  t.match(report, { messagesAccepted: 0, bodies: {}, queues: { [QUEUE]: { accepted: 1, duplicates: 1 } } })
  t.match(report.handedOver, [{ queue: QUEUE, uid: 'a', partition: 3, offset: 42, retryCount: 2 }])
  t.equal(report.handedOver?.length, 1)
})

t.test('nothing of a group is handed out while one of it is hidden, and the others are', async t => {
  const clients = await startWithClients(t)
  await handOver(clients, ['a', 'b', 'c'], 'one group')
  await handOver(clients, ['d'])
  const first = await receive(clients, { max: 2 })
  t.strictSame(first.map(uidOf), ['a', 'b'], 'in order, as many of a group as there is room for')
  const second = await receive(clients)
  t.strictSame(second.map(uidOf), ['d'])
  await remove(clients, first[0])
  t.same(await receive(clients), [], 'b is hidden still')
  await remove(clients, first[1])
  t.strictSame((await receive(clients)).map(uidOf), ['c'])
})

t.test('a message comes back when its time has passed, counted, and its old receipt is void', async t => {
  const clients = await startWithClients(t)
  await handOver(clients, ['a'])
  const [first] = await receive(clients, { visibilitySeconds: 60 })
  clients.endpoint.control({ advanceMs: 60_000 })
  t.match((await remove(clients, first)).Failed, [{ SenderFault: true, Code: 'InvalidParameterValue' }], 'visible again')
  const [again] = await receive(clients)
  t.match(again, { MessageId: first?.MessageId ?? '', Attributes: { ApproximateReceiveCount: '2' } })
  t.match((await remove(clients, first)).Failed, [{ Code: 'InvalidParameterValue' }], 'of the reception before')
  await t.rejects(clients.sqs.send(new DeleteMessageCommand({ QueueUrl: queueUrl(clients.endpoint, QUEUE), ReceiptHandle: first?.ReceiptHandle })), { name: 'InvalidParameterValue' })
  t.notOk((await remove(clients, again)).Failed?.length)
  t.notOk((await remove(clients, again)).Failed?.length, 'what is gone may be deleted again')
})

t.test('who waits gets a message as soon as there is one: sent, given back, or hidden no longer', async t => {
  const clients = await startWithClients(t)
  const waiting = receive(clients, { waitSeconds: 20 })
  await handOver(clients, ['a'])
  const [message] = await waiting
  const next = receive(clients, { waitSeconds: 20 })
  await changeVisibility(clients, message, 0)
  t.equal((await next).length, 1)
  const last = receive(clients, { waitSeconds: 20 })
  clients.endpoint.control({ advanceMs: 30_000 })
  t.equal((await last).length, 1)
})

t.test('a caller that has gone takes no message with it', async t => {
  const clients = await startWithClients(t)
  const gone = new AbortController()
  const waiting = receive(clients, { waitSeconds: 20, signal: gone.signal })
  await until(() => clients.endpoint.recorder.report(false).calls['ReceiveMessage'] === 1)
  gone.abort()
  await t.rejects(waiting)
  await handOver(clients, ['a'])
  t.equal((await receive(clients, { waitSeconds: 5 })).length, 1)
})

t.test('its operations fail like any other', async t => {
  const clients = await startWithClients(t)
  await handOver(clients, ['a'])
  clients.endpoint.control({
    faults: [
      { operation: 'ReceiveMessage', calls: 1, reset: 'after' },
      { operation: 'DeleteMessageBatch', calls: 1, fail: { uids: ['a'] } },
      { operation: 'ChangeMessageVisibilityBatch', calls: 1, status: 500 }
    ]
  })
  await t.rejects(receive(clients))
  t.match(clients.endpoint.recorder.report(false).kept, { [QUEUE]: { visible: 0, hidden: 1 } }, 'received, and the answer is lost')
  clients.endpoint.control({ advanceMs: 30_000 })
  const [message] = await receive(clients)
  await t.rejects(changeVisibility(clients, message, 5))
  t.match((await remove(clients, message)).Failed, [{ SenderFault: false, Code: 'InternalError' }])
  await remove(clients, message)
  t.equal(await count(clients), 0)
  t.ok(clients.endpoint.hits().every(({ hits }) => hits === 1))
})

t.test('queues of clients keep nothing', async t => {
  const clients = await startWithClients(t)
  await send(clients, ['a'])
  t.equal(await countMessages(clients.sqs, queueUrl(clients.endpoint, 'A.fifo')), 0)
  t.same((await clients.sqs.send(new ReceiveMessageCommand({ QueueUrl: queueUrl(clients.endpoint, 'A.fifo') }))).Messages ?? [], [])
})

function bodyOf (uid: string): string {
  return JSON.stringify({ v: 1, topic: 'road', partition: 3, offset: 42, value: JSON.stringify({ uid }) })
}

function uidOf (message: Message): string {
  const { value } = JSON.parse(message.Body ?? '') as { value: string }
  return (JSON.parse(value) as { uid: string }).uid
}

async function handOver ({ sqs, endpoint }: Clients, uids: readonly string[], group?: string): Promise<void> {
  await sqs.send(new SendMessageBatchCommand({
    QueueUrl: queueUrl(endpoint, QUEUE),
    Entries: uids.map((uid, index) => ({
      Id: String(index),
      MessageBody: bodyOf(uid),
      MessageGroupId: group ?? `group of ${uid}`,
      MessageDeduplicationId: uid,
      MessageAttributes: { RetryCount: { DataType: 'Number', StringValue: '2' } }
    }))
  }))
}

async function receive (
  { sqs, endpoint }: Clients, { max = 10, visibilitySeconds = 30, waitSeconds = 0, signal }: { max?: number, visibilitySeconds?: number, waitSeconds?: number, signal?: AbortSignal } = {}
): Promise<Message[]> {
  const command = new ReceiveMessageCommand({
    QueueUrl: queueUrl(endpoint, QUEUE),
    MaxNumberOfMessages: max,
    VisibilityTimeout: visibilitySeconds,
    WaitTimeSeconds: waitSeconds,
    MessageAttributeNames: ['RetryCount'],
    MessageSystemAttributeNames: ['ApproximateReceiveCount', 'SequenceNumber', 'MessageGroupId']
  })
  const { Messages: messages = [] } = await sqs.send(command, { requestTimeout: 30_000, ...(signal === undefined ? {} : { abortSignal: signal }) })
  return messages
}

async function remove ({ sqs, endpoint }: Clients, message: Message | undefined) {
  return await sqs.send(new DeleteMessageBatchCommand({ QueueUrl: queueUrl(endpoint, QUEUE), Entries: [{ Id: '0', ReceiptHandle: message?.ReceiptHandle }] }))
}

async function changeVisibility ({ sqs, endpoint }: Clients, message: Message | undefined, seconds: number): Promise<void> {
  await sqs.send(new ChangeMessageVisibilityBatchCommand({
    QueueUrl: queueUrl(endpoint, QUEUE), Entries: [{ Id: '0', ReceiptHandle: message?.ReceiptHandle, VisibilityTimeout: seconds }]
  }))
}

async function count ({ sqs, endpoint }: Clients): Promise<number> {
  return await countMessages(sqs, queueUrl(endpoint, QUEUE))
}
