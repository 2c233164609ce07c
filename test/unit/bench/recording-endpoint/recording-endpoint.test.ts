import t from 'tap'
import { PutItemCommand } from '@aws-sdk/client-dynamodb'
import { GetQueueUrlCommand } from '@aws-sdk/client-sqs'
import { itemOf, send, startWithClients, store } from './clients.js'

t.test('it remembers rows, messages and the order of first acceptances', async t => {
  const clients = await startWithClients(t)
  await store(clients, ['a', 'b', 'c'])
  const sent = await send(clients, ['a', 'b'])
  await send(clients, ['b', 'c'])
  t.match(sent.Successful?.map(entry => entry.SequenceNumber?.length), [20, 20])
  t.match(clients.endpoint.recorder.report(true), {
    rowsWritten: 3,
    messagesAccepted: 3,
    queues: { 'A.fifo': { accepted: 3, duplicates: 1, failed: 0 } },
    inversions: 0,
    sentBeforeStored: 0,
    groups: { 'A.fifo': { g: ['a', 'b', 'c'] } }
  })
})

t.test('counting mode counts the same', async t => {
  const clients = await startWithClients(t, { mode: 'count' })
  await store(clients, ['a', 'b', 'c'])
  await send(clients, ['a', 'b'])
  t.match(clients.endpoint.recorder.report(false), { rowsWritten: 3, messagesAccepted: 2, calls: { BatchWriteItem: 1, SendMessageBatch: 1 } })
})

t.test('it refuses what the services refuse', async t => {
  const clients = await startWithClients(t)
  clients.endpoint.control({ missingQueues: ['B.fifo'] })
  await t.rejects(store(clients, ['a', 'a']), { name: 'ValidationException' })
  await t.rejects(store(clients, Array.from({ length: 26 }, (_, index) => `u${index}`)), { name: 'ValidationException' })
  await t.rejects(clients.sqs.send(new GetQueueUrlCommand({ QueueName: 'B.fifo' })), { name: 'QueueDoesNotExist' })
  await t.rejects(store(clients, ['a', 'x'.repeat(2_049)]), { name: 'ValidationException' }, 'a long key')
  await t.rejects(clients.dynamodb.send(new PutItemCommand({ TableName: 'events', Item: { ...itemOf('a', 0), Event: { S: 'x'.repeat(400 * 1024) } } })), { name: 'ValidationException' }, 'a large item')
  await t.rejects(send(clients, ['a', '\uFFFF']), { name: 'InvalidMessageContents' })
  await t.rejects(send(clients, ['x'.repeat(600_000), 'y'.repeat(600_000)]), { name: 'BatchRequestTooLong' })
  await t.rejects(send(clients, Array.from({ length: 11 }, (_, index) => `u${index}`)), { name: 'TooManyEntriesInBatchRequest' })
  t.match(clients.endpoint.recorder.report(false), { rowsWritten: 0, messagesAccepted: 0 })
  t.equal((await clients.sqs.send(new GetQueueUrlCommand({ QueueName: 'A.fifo' }))).QueueUrl, `${clients.endpoint.url}/000000000000/A.fifo`)
})

t.test('a conditional put honours newest wins', async t => {
  const clients = await startWithClients(t)
  const put = async (offset: number) => await clients.dynamodb.send(new PutItemCommand({ TableName: 'events', Item: itemOf('a', offset), ConditionExpression: 'attribute_not_exists(#key)' }))
  await put(5)
  await t.rejects(put(5), { name: 'ConditionalCheckFailedException' })
  await put(6)
  t.equal(clients.endpoint.recorder.report(true).rows?.['a']?.offset, 6)
})

t.test('it is told and asked over HTTP too', async t => {
  const clients = await startWithClients(t)
  await fetch(`${clients.endpoint.url}/__control`, { method: 'POST', body: JSON.stringify({ faults: [{ operation: 'BatchWriteItem', status: 400, error: 'ThrottlingException' }] }) })
  await t.rejects(store(clients, ['a']), { name: 'ThrottlingException' })
  t.match(await (await fetch(`${clients.endpoint.url}/__report`)).json(), { calls: { BatchWriteItem: 1 }, rowsWritten: 0 })
})
