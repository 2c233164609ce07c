import t from 'tap'
import { type Fault } from '../../../../bench/recording-endpoint/faults.js'
import { until } from '../../../helpers/until.js'
import { send, startWithClients, store } from './clients.js'

t.test('it fails entries and leaves items unprocessed when told to, and does not take them', async t => {
  const clients = await startWithClients(t)
  clients.endpoint.control({
    faults: [
      { operation: 'BatchWriteItem', fail: { count: 1, of: 3 } },
      { operation: 'SendMessageBatch', queue: 'A.fifo', fail: { count: 1, of: 2, code: 'InvalidMessageContents', senderFault: true } }
    ]
  })
  const written = await store(clients, ['a', 'b', 'c'])
  t.strictSame(written.UnprocessedItems?.['events']?.map(request => request.PutRequest?.Item?.['UUID']?.S), ['a'])
  const sent = await send(clients, ['b', 'c'])
  t.match(sent, { Failed: [{ Id: '0', SenderFault: true, Code: 'InvalidMessageContents' }], Successful: [{ Id: '1' }] })
  t.notOk((await send(clients, ['b', 'c'], 'B.fifo')).Failed?.length, 'another queue is left alone')
  t.match(clients.endpoint.recorder.report(false), { rowsWritten: 2, unprocessed: 1, queues: { 'A.fifo': { accepted: 1, failed: 1 } } })
})

t.test('only entries of listed uids fail, and all of them', async t => {
  const clients = await startWithClients(t)
  clients.endpoint.control({ faults: [{ operation: 'BatchWriteItem', fail: { uids: ['b', 'd'] } }, { operation: 'SendMessageBatch', fail: { uids: ['b'] } }] })
  const written = await store(clients, ['a', 'b', 'c', 'd'])
  t.strictSame(written.UnprocessedItems?.['events']?.map(request => request.PutRequest?.Item?.['UUID']?.S), ['b', 'd'])
  await store(clients, ['a'])
  t.match(await send(clients, ['a', 'b']), { Failed: [{ Id: '1', SenderFault: false, Code: 'InternalError' }] })
  t.match(clients.endpoint.hits(), [{ hits: 1, entries: 2 }, { hits: 1, entries: 1 }], 'a call in which nothing failed does not count')
})

t.test('a whole call is refused for one event in it', async t => {
  const clients = await startWithClients(t)
  clients.endpoint.control({ faults: [{ operation: 'BatchWriteItem', refuseCallWith: ['b'] }, { operation: 'SendMessageBatch', refuseCallWith: ['b'] }] })
  await t.rejects(store(clients, ['a', 'b']), { name: 'ValidationException' })
  await t.rejects(send(clients, ['a', 'b']), { name: 'InvalidMessageContents' })
  await store(clients, ['a'])
  await send(clients, ['a'])
  t.match(clients.endpoint.recorder.report(false), { rowsWritten: 1, messagesAccepted: 1 })
})

t.test('a refusal says how long to wait', async t => {
  const clients = await startWithClients(t)
  clients.endpoint.control({ faults: [{ operation: 'BatchWriteItem', status: 503, error: 'ServiceUnavailable', retryAfterSeconds: 7 }] })
  await t.rejects(store(clients, ['a']), { name: 'ServiceUnavailable', $metadata: { httpStatusCode: 503 }, $response: { headers: { 'retry-after': '7' } } })
})

t.test('written, answer lost: the next send is dropped as a duplicate', async t => {
  const losses: Readonly<Record<string, Partial<Fault>>> = { reset: { reset: 'after' }, hang: { hang: 'after' }, 'a truncated body': { truncateBody: true } }
  for (const [name, loss] of Object.entries(losses)) {
    const clients = await startWithClients(t)
    await store(clients, ['a'])
    clients.endpoint.control({ faults: [{ operation: 'SendMessageBatch', calls: 1, ...loss }] })
    await t.rejects(send(clients, ['a']), name)
    await send(clients, ['a'])
    t.match(clients.endpoint.recorder.report(false), { messagesAccepted: 1, queues: { 'A.fifo': { duplicates: 1 } } }, name)
  }
})

t.test('nothing is done by a call that was never heard of', async t => {
  for (const loss of [{ reset: 'before' }, { hang: 'before' }, { hang: true }] as const) {
    const clients = await startWithClients(t)
    clients.endpoint.control({ faults: [{ operation: 'BatchWriteItem', calls: 1, ...loss }] })
    await t.rejects(store(clients, ['a']), JSON.stringify(loss))
    t.match(clients.endpoint.recorder.report(false), { rowsWritten: 0, attempted: { rows: 1 } })
  }
})

t.test('a reset connection says so', async t => {
  const clients = await startWithClients(t)
  clients.endpoint.control({ faults: [{ operation: 'BatchWriteItem', reset: 'before' }] })
  await t.rejects(store(clients, ['a']), { code: 'ECONNRESET' })
})

t.test('a slow body comes whole in the end, a delay stands before or after the effect', async t => {
  const clients = await startWithClients(t)
  clients.endpoint.control({ faults: [{ operation: 'SendMessageBatch', slowBody: { bytes: 20, everyMs: 30 } }, { operation: 'BatchWriteItem', answerDelayMs: 200 }] })
  const startedAt = performance.now()
  t.equal((await send(clients, ['a'])).Successful?.length, 1)
  t.ok(performance.now() - startedAt > 150, 'over 100 bytes, 20 at a time')
  let answered = false
  const stored = store(clients, ['a']).then(() => { answered = true })
  await until(() => clients.endpoint.recorder.rows.size === 1)
  t.notOk(answered, 'stored, and not answered yet')
  await stored
})

t.test('each fault lasts as many calls as it says and meets each nth', async t => {
  const clients = await startWithClients(t)
  clients.endpoint.control({ faults: [{ operation: 'BatchWriteItem', every: 2, calls: 2, status: 503, error: 'ServiceUnavailable' }] })
  const ended: string[] = []
  for (let call = 0; call < 6; call++) ended.push(await store(clients, ['a']).then(() => 'ok', (error: Error) => error.name))
  t.strictSame(ended, ['ServiceUnavailable', 'ok', 'ServiceUnavailable', 'ok', 'ok', 'ok'])
})

t.test('a share of calls and a share of entries are drawn by the seed', async t => {
  const draw = async (seed: number): Promise<string> => {
    const clients = await startWithClients(t)
    clients.endpoint.control({ seed, faults: [{ operation: 'BatchWriteItem', share: 0.3, status: 500 }, { operation: 'SendMessageBatch', fail: { share: 0.3 } }] })
    let drawn = ''
    for (let call = 0; call < 40; call++) drawn += await store(clients, ['a']).then(() => '.', () => 'x')
    for (let call = 0; call < 40; call++) drawn += (await send(clients, [`u${call}`])).Failed?.length === 1 ? 'x' : '.'
    return drawn
  }
  const [first, again, other] = [await draw(1), await draw(1), await draw(2)]
  t.equal(first, again)
  t.not(first, other)
  for (const half of [first.slice(0, 40), first.slice(40)]) {
    const hits = half.replaceAll('.', '').length
    t.ok(hits > 4 && hits < 24, `${hits} of 40 at a share of 0.3`)
  }
})

t.test('it tells of every fault that was ever armed how often it happened, by its name', async t => {
  const clients = await startWithClients(t)
  clients.endpoint.control({ faults: [{ name: 'throttled', operation: 'BatchWriteItem', status: 400, error: 'ThrottlingException' }, { operation: 'PutItem', hang: true }] })
  await t.rejects(store(clients, ['a', 'b']))
  clients.endpoint.control({ faults: [], missingQueues: ['A.fifo'], missingTables: ['events'] })
  await t.rejects(send(clients, ['a']), { name: 'QueueDoesNotExist' })
  await t.rejects(store(clients, ['a']), { name: 'ResourceNotFoundException' })
  const hits = [
    { name: 'throttled', operation: 'BatchWriteItem', hits: 1, entries: 0, carried: 2 },
    { name: 'PutItem {"hang":true}', operation: 'PutItem', hits: 0, entries: 0, carried: 0 },
    { name: 'the queue A.fifo is missing', operation: 'any', hits: 1, entries: 0, carried: 0 },
    { name: 'the table events is missing', operation: 'any', hits: 1, entries: 0, carried: 0 }
  ]
  t.strictSame(clients.endpoint.hits(), hits)
  t.strictSame(clients.endpoint.recorder.report(false).hits, hits)
  clients.endpoint.control({ missingQueues: [], missingTables: [] })
  await store(clients, ['a'])
  clients.endpoint.control({ restart: 'full' })
  t.strictSame(clients.endpoint.hits(), [], 'a restart forgets what is no longer in force')
})
