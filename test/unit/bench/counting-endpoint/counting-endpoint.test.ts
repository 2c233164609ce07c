import { createHash } from 'node:crypto'
import { DescribeTableCommand, PutItemCommand } from '@aws-sdk/client-dynamodb'
import { GetQueueUrlCommand, ReceiveMessageCommand, SendMessageBatchCommand, SendMessageCommand } from '@aws-sdk/client-sqs'
import t from 'tap'
import { startCountingEndpoint } from '../../../../bench/counting-endpoint/counting-endpoint.js'
import { type CountingReport } from '../../../../bench/counting-endpoint/tally.js'
import { UidSum } from '../../../../bench/counting-endpoint/uid-sum.js'
import { createDynamoDBClient, createSqsClient } from '../../../../src/connectors/aws/clients.js'
import { itemOf, queueUrl, send, store } from '../recording-endpoint/clients.js'

const BODY = '{"uid":"ação-\u{1F600}","note":"\\"quoted\\" \\\\ back\\u0041\\/\\n \u2028"}'

t.test('it answers the clients of the service, and counts rows and messages by their uids', async t => {
  const { endpoint, dynamodb, sqs } = await start(t)
  const stored = await store({ dynamodb }, ['a', 'b', 'c'])
  t.strictSame(stored.UnprocessedItems, {})
  await dynamodb.send(new PutItemCommand({ TableName: 'events', Item: itemOf('d', 3) }))
  const { Successful: successful, Failed: failed } = await send({ sqs, endpoint }, ['a', 'b', 'c'])
  t.strictSame([successful?.map(entry => entry.Id), failed], [['0', '1', '2'], []])
  await sqs.send(new SendMessageCommand({ QueueUrl: queueUrl(endpoint, 'A.fifo'), MessageBody: '{"uid":"d"}', MessageGroupId: 'g', MessageDeduplicationId: 'd' }))
  const expected = fingerprintOf(['d', 'c', 'b', 'a'])
  t.match(endpoint.report(), { rows: 4, messages: 4, rowUids: expected, messageUids: expected, calls: { BatchWriteItem: 1, PutItem: 1, SendMessageBatch: 1, SendMessage: 1 } })
})

t.test('its digests are those of the bodies, whatever they hold', async t => {
  const { endpoint, sqs } = await start(t)
  const { Successful: successful } = await sqs.send(new SendMessageBatchCommand({
    QueueUrl: queueUrl(endpoint, 'A.fifo'),
    Entries: [{ Id: 'one', MessageBody: BODY, MessageGroupId: 'g', MessageDeduplicationId: 'd' }]
  }))
  t.equal(successful?.[0]?.MD5OfMessageBody, createHash('md5').update(BODY).digest('hex'))
})

t.test('it answers what the service asks for beside the hot calls', async t => {
  const { endpoint, dynamodb, sqs } = await start(t)
  t.equal((await dynamodb.send(new DescribeTableCommand({ TableName: 'events' }))).Table?.TableStatus, 'ACTIVE')
  t.equal((await sqs.send(new GetQueueUrlCommand({ QueueName: 'A.fifo' }))).QueueUrl, queueUrl(endpoint, 'A.fifo'))
  t.equal((await sqs.send(new ReceiveMessageCommand({ QueueUrl: queueUrl(endpoint, 'retry.fifo') }))).Messages, undefined)
})

t.test('it tells when timed messages arrived first, and forgets all on demand', async t => {
  const { endpoint, sqs } = await start(t)
  const before = Date.now()
  await send({ sqs, endpoint }, ['at-1', 'other'])
  const report = await (await fetch(`${endpoint.url}/__report?full`)).json() as CountingReport
  t.strictSame(Object.keys(report.arrivals ?? {}), ['at-1'])
  t.ok((report.arrivals?.['at-1'] ?? 0) >= before)
  await fetch(`${endpoint.url}/__restart`, { method: 'POST' })
  t.match(endpoint.report(true), { messages: 0, arrivals: {} })
})

t.test('calls take as long as they are told', async t => {
  const { endpoint, dynamodb } = await start(t, 50)
  const startedAt = performance.now()
  await store({ dynamodb }, ['a'])
  t.ok(performance.now() - startedAt >= 49)
  t.equal(endpoint.report().rows, 1)
})

t.test('the share of entries that is asked for fails, comes back by name, and is not counted', async t => {
  const { endpoint, dynamodb, sqs } = await start(t, 0, 0.3)
  const uids = Array.from({ length: 10 }, (_, index) => `uid-${index}`)
  let rows = 0
  let messages = 0
  for (let call = 0; call < 20; call++) {
    const { UnprocessedItems: { events: unprocessed = [] } = {} } = await store({ dynamodb }, uids)
    for (const { PutRequest: put } of unprocessed) t.ok(uids.includes(put?.Item?.UUID?.S ?? ''))
    const { Successful: successful = [], Failed: failed = [] } = await send({ sqs, endpoint }, uids)
    t.equal(successful.length + failed.length, 10)
    t.ok(failed.every(entry => entry.SenderFault === false))
    rows += 10 - unprocessed.length
    messages += successful.length
  }
  t.match(endpoint.report(), { rows, messages })
  t.ok(rows > 100 && rows < 180, 'rows')
  t.ok(messages > 100 && messages < 180, 'messages')
})

t.test('a fingerprint tells a loss with a repetition from everything once', async t => {
  t.not(fingerprintOf(['a', 'b', 'b']), fingerprintOf(['a', 'b', 'c']))
  t.not(fingerprintOf(['a', 'a', 'c']), fingerprintOf(['b', 'b', 'c']))
  t.equal(fingerprintOf(['a', 'b', 'c']), fingerprintOf(['c', 'a', 'b']))
  const sum = new UidSum()
  for (const part of [['a'], ['b', 'c']]) sum.addFingerprint(fingerprintOf(part))
  t.equal(sum.fingerprint, fingerprintOf(['a', 'b', 'c']), 'of parts')
})

function fingerprintOf (uids: readonly string[]): string {
  const sum = new UidSum()
  for (const uid of uids) sum.add(uid, 0)
  return sum.fingerprint
}

async function start (t: { teardown (handler: () => Promise<void>): void }, delayMs = 0, failShare = 0) {
  const endpoint = await startCountingEndpoint({ delayMs, failShare })
  const client = { region: 'eu-west-1', endpoint: endpoint.url, maxSockets: 4, connectTimeoutMs: 500, requestTimeoutMs: 500 }
  const clients = { endpoint, dynamodb: createDynamoDBClient(client), sqs: createSqsClient(client) }
  t.teardown(async () => {
    clients.dynamodb.destroy()
    clients.sqs.destroy()
    await endpoint.close()
  })
  return clients
}
