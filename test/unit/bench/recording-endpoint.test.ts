import t from 'tap'
import { BatchWriteItemCommand, type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb'
import { GetQueueUrlCommand, SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs'
import { createDynamoDBClient, createSqsClient } from '../../../src/connectors/aws/clients.js'
import { type RecordingEndpoint, type RecordingEndpointOptions, startRecordingEndpoint } from '../../../bench/recording-endpoint/recording-endpoint.js'

process.env.AWS_ACCESS_KEY_ID = 'test'
process.env.AWS_SECRET_ACCESS_KEY = 'test'

interface Bench {
  readonly endpoint: RecordingEndpoint
  readonly dynamodb: DynamoDBClient
  readonly sqs: SQSClient
}

async function start (t: { teardown (handler: () => Promise<void>): void }, options: RecordingEndpointOptions = {}): Promise<Bench> {
  const endpoint = await startRecordingEndpoint(options)
  const client = { region: 'eu-west-1', endpoint: endpoint.url, maxSockets: 4, connectTimeoutMs: 500, requestTimeoutMs: 500 }
  const bench = { endpoint, dynamodb: createDynamoDBClient(client), sqs: createSqsClient(client) }
  t.teardown(async () => {
    bench.dynamodb.destroy()
    bench.sqs.destroy()
    await endpoint.close()
  })
  return bench
}

const itemOf = (uid: string, offset: number) => ({ UUID: { S: uid }, SourcePartition: { N: '0' }, SourceOffset: { N: String(offset) } })

async function store ({ dynamodb }: Bench, uids: readonly string[]) {
  return await dynamodb.send(new BatchWriteItemCommand({ RequestItems: { events: uids.map((uid, offset) => ({ PutRequest: { Item: itemOf(uid, offset) } })) } }))
}

async function send ({ sqs, endpoint }: Bench, uids: readonly string[], queue = 'A.fifo') {
  return await sqs.send(new SendMessageBatchCommand({
    QueueUrl: `${endpoint.url}/000000000000/${queue}`,
    Entries: uids.map((uid, index) => ({ Id: String(index), MessageBody: JSON.stringify({ uid }), MessageGroupId: 'g', MessageDeduplicationId: uid }))
  }))
}

t.test('it remembers rows, messages and the order of first acceptances', async t => {
  const bench = await start(t)
  await store(bench, ['a', 'b', 'c'])
  const sent = await send(bench, ['a', 'b'])
  await send(bench, ['b', 'c'])
  t.match(sent.Successful?.map(entry => entry.SequenceNumber?.length), [20, 20])
  t.match(bench.endpoint.recorder.report(true), {
    rowsWritten: 3,
    messagesAccepted: 3,
    queues: { 'A.fifo': { accepted: 3, duplicates: 1, failed: 0 } },
    inversions: 0,
    sentBeforeStored: 0,
    groups: { 'A.fifo': { g: ['a', 'b', 'c'] } }
  })
})

t.test('it sees inversions and messages that came before their row', async t => {
  const bench = await start(t)
  await store(bench, ['a', 'b'])
  await send(bench, ['b'])
  await send(bench, ['a'])
  await send(bench, ['never stored'])
  t.match(bench.endpoint.recorder.report(false), { inversions: 1, sentBeforeStored: 1 })
})

t.test('counting mode counts the same', async t => {
  const bench = await start(t, { mode: 'count' })
  await store(bench, ['a', 'b', 'c'])
  await send(bench, ['a', 'b'])
  t.match(bench.endpoint.recorder.report(false), { rowsWritten: 3, messagesAccepted: 2, calls: { BatchWriteItem: 1, SendMessageBatch: 1 } })
})

t.test('it fails entries and leaves items unprocessed when told to, and does not take them', async t => {
  const bench = await start(t)
  bench.endpoint.control({
    faults: [
      { operation: 'BatchWriteItem', fail: { count: 1, of: 3 } },
      { operation: 'SendMessageBatch', queue: 'A.fifo', fail: { count: 1, of: 2, code: 'InvalidMessageContents', senderFault: true } }
    ]
  })
  const written = await store(bench, ['a', 'b', 'c'])
  t.strictSame(written.UnprocessedItems?.['events']?.map(request => request.PutRequest?.Item?.['UUID']?.S), ['a'])
  const sent = await send(bench, ['b', 'c'])
  t.match(sent, { Failed: [{ Id: '0', SenderFault: true, Code: 'InvalidMessageContents' }], Successful: [{ Id: '1' }] })
  t.notOk((await send(bench, ['b', 'c'], 'B.fifo')).Failed?.length, 'another queue is left alone')
  t.match(bench.endpoint.recorder.report(false), { rowsWritten: 2, unprocessed: 1, queues: { 'A.fifo': { accepted: 1, failed: 1 } } })
})

t.test('written, answer lost: the next send is dropped as a duplicate', async t => {
  const bench = await start(t)
  await store(bench, ['a'])
  bench.endpoint.control({ faults: [{ operation: 'SendMessageBatch', reset: 'after', calls: 1 }] })
  await t.rejects(send(bench, ['a']), { code: 'ECONNRESET' })
  await send(bench, ['a'])
  t.match(bench.endpoint.recorder.report(false), { messagesAccepted: 1, queues: { 'A.fifo': { duplicates: 1 } } })
})

t.test('each fault lasts as many calls as it says and meets each nth', async t => {
  const bench = await start(t)
  bench.endpoint.control({ faults: [{ operation: 'BatchWriteItem', every: 2, calls: 2, status: 503, error: 'ServiceUnavailable' }] })
  const ended: string[] = []
  for (let call = 0; call < 6; call++) ended.push(await store(bench, ['a']).then(() => 'ok', (error: Error) => error.name))
  t.strictSame(ended, ['ServiceUnavailable', 'ok', 'ServiceUnavailable', 'ok', 'ok', 'ok'])
})

t.test('it refuses what the services refuse', async t => {
  const bench = await start(t)
  bench.endpoint.control({ missingQueues: ['B.fifo'] })
  await t.rejects(store(bench, ['a', 'a']), { name: 'ValidationException' })
  await t.rejects(store(bench, Array.from({ length: 26 }, (_, index) => `u${index}`)), { name: 'ValidationException' })
  await t.rejects(bench.sqs.send(new GetQueueUrlCommand({ QueueName: 'B.fifo' })), { name: 'QueueDoesNotExist' })
  t.equal((await bench.sqs.send(new GetQueueUrlCommand({ QueueName: 'A.fifo' }))).QueueUrl, `${bench.endpoint.url}/000000000000/A.fifo`)
})

t.test('a conditional put honours newest wins', async t => {
  const bench = await start(t)
  const put = async (offset: number) => await bench.dynamodb.send(new PutItemCommand({ TableName: 'events', Item: itemOf('a', offset), ConditionExpression: 'attribute_not_exists(#key)' }))
  await put(5)
  await t.rejects(put(5), { name: 'ConditionalCheckFailedException' })
  await put(6)
  t.equal(bench.endpoint.recorder.report(true).rows?.['a']?.offset, 6)
})

t.test('it is told and asked over HTTP too', async t => {
  const bench = await start(t)
  await fetch(`${bench.endpoint.url}/__control`, { method: 'POST', body: JSON.stringify({ faults: [{ operation: 'BatchWriteItem', status: 400, error: 'ThrottlingException' }] }) })
  await t.rejects(store(bench, ['a']), { name: 'ThrottlingException' })
  t.match(await (await fetch(`${bench.endpoint.url}/__report`)).json(), { calls: { BatchWriteItem: 1 }, rowsWritten: 0 })
})
