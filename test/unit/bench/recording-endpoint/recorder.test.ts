import t from 'tap'
import { BatchWriteItemCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { SendMessageBatchCommand } from '@aws-sdk/client-sqs'
import { type Clients, queueUrl, send, startWithClients, store } from './clients.js'

const DEDUPLICATION_MS = 5 * 60 * 1000

t.test('it sees inversions and messages that came before their row', async t => {
  const clients = await startWithClients(t)
  await store(clients, ['a', 'b'])
  await send(clients, ['b'])
  await send(clients, ['a'])
  await send(clients, ['never stored'])
  const report = clients.endpoint.recorder.report(true)
  t.match(report, { inversions: 1, sentBeforeStored: 1 })
  t.strictSame(report.inverted, [{ queue: 'A.fifo', group: 'g', partition: 0, offset: 0, after: 1 }])
})

t.test('it tells when a row was first written and a message first accepted, and from where', async t => {
  const clients = await startWithClients(t)
  const before = Date.now()
  await store(clients, ['a', 'b'])
  await store(clients, ['a'])
  await send(clients, ['b'])
  const { rows = {}, messages = {}, acceptedAt = {} } = clients.endpoint.recorder.report(true)
  t.match(rows['a'], { writes: 2, partition: 0, offset: 0 })
  t.match(messages['A.fifo']?.['b'], { partition: 0, offset: 1, group: 'g', accepted: 1, others: undefined })
  for (const at of [rows['a']?.firstAt, messages['A.fifo']?.['b']?.firstAt, acceptedAt['b']]) t.ok(at !== undefined && at >= before && at <= Date.now())
})

t.test('entries are counted as they are attempted, whatever becomes of them', async t => {
  const clients = await startWithClients(t)
  clients.endpoint.control({ faults: [{ operation: 'BatchWriteItem', calls: 1, status: 500 }, { operation: 'SendMessageBatch', fail: { count: 1, of: 2 } }] })
  await t.rejects(store(clients, ['a', 'b']))
  await store(clients, ['a', 'b'])
  await send(clients, ['a', 'b'])
  await send(clients, ['a'], 'retry.fifo')
  t.strictSame(clients.endpoint.recorder.report(false).attempted, { rows: 4, messages: 2, handOvers: 1 })
})

t.test('it sees calls that the SDK repeats by itself', async t => {
  const clients = await startWithClients(t)
  const eager = new DynamoDBClient({ region: 'eu-west-1', endpoint: clients.endpoint.url, maxAttempts: 3 })
  t.teardown(() => { eager.destroy() })
  clients.endpoint.control({ faults: [{ operation: 'BatchWriteItem', every: 2, status: 500 }] })
  await t.rejects(store(clients, ['a']))
  await store(clients, ['a'])
  t.match(clients.endpoint.recorder.report(false), { sdkRetries: 0, calls: { BatchWriteItem: 2 } })
  await store({ dynamodb: eager }, ['a'])
  t.match(clients.endpoint.recorder.report(false), { sdkRetries: 1, calls: { BatchWriteItem: 4 } })
})

t.test('a message is dropped as a repetition for 5 minutes, by the clock that is put forward', async t => {
  const clients = await startWithClients(t)
  await store(clients, ['a', 'b'])
  await send(clients, ['a', 'b'])
  clients.endpoint.control({ advanceMs: DEDUPLICATION_MS - 10_000 })
  await send(clients, ['a'])
  t.match(clients.endpoint.recorder.report(true), { messagesAccepted: 2, queues: { 'A.fifo': { duplicates: 1 } }, messages: { 'A.fifo': { a: { accepted: 1 } } } })
  clients.endpoint.control({ advanceMs: 10_000 })
  await send(clients, ['a'])
  const report = clients.endpoint.recorder.report(true)
  t.match(report, { messagesAccepted: 3, messages: { 'A.fifo': { a: { accepted: 2 } } } }, 'then the client sees it twice')
  t.match(report, { inversions: 0, groups: { 'A.fifo': { g: ['a', 'b'] } } }, 'a repetition is no first acceptance')
})

t.test('events under one uid are kept apart, and one that was written from several places says nothing of the order', async t => {
  const clients = await startWithClients(t)
  const events = ['first', 'second'].map(context => ({ uid: 'twin', context, event_type: 'INSERT', created_at: 'now' }))
  for (const [offset, event] of events.entries()) await writeEvent(clients, event, offset * 10)
  await store(clients, ['x', 'x2', 'x3', 'x4', 'x5', 'between'])
  for (const event of events) await sendEvent(clients, event)
  await send(clients, ['between'])
  const { messages = {}, inverted = [] } = clients.endpoint.recorder.report(true)
  t.match(messages['A.fifo']?.['twin'], { offset: 0, others: [{ offset: 10 }] }, 'each with the place of its own record')
  t.match(inverted, [{ offset: 5, after: 10 }])
  await writeEvent(clients, { uid: 'same' }, 20)
  await writeEvent(clients, { uid: 'same' }, 30)
  await sendEvent(clients, { uid: 'same' })
  t.match(clients.endpoint.recorder.report(true), { inversions: 1, messages: { 'A.fifo': { same: { offset: undefined } } } })
})

interface Event { readonly uid: string, readonly context?: string, readonly event_type?: string, readonly created_at?: string }

async function writeEvent ({ dynamodb }: Clients, event: Event, offset: number): Promise<void> {
  const text = (value: string | undefined) => value === undefined ? {} : { S: value }
  const fields = event.context === undefined ? {} : { Context: text(event.context), EventType: text(event.event_type), CreatedAt: text(event.created_at) }
  await dynamodb.send(new BatchWriteItemCommand({
    RequestItems: { events: [{ PutRequest: { Item: { UUID: { S: event.uid }, SourcePartition: { N: '0' }, SourceOffset: { N: String(offset) }, ...fields as Record<string, { S: string }> } } }] }
  }))
}

async function sendEvent ({ sqs, endpoint }: Clients, event: Event): Promise<void> {
  const body = JSON.stringify(event)
  await sqs.send(new SendMessageBatchCommand({
    QueueUrl: queueUrl(endpoint, 'A.fifo'), Entries: [{ Id: '0', MessageBody: body, MessageGroupId: 'g', MessageDeduplicationId: String(body.length) + event.uid + (event.context ?? '') }]
  }))
}
