import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import t from 'tap'
import { classifyError } from '../../../../../src/connectors/aws/classify-error.js'
import { createDynamoDBClient } from '../../../../../src/connectors/aws/clients.js'
import { connectionError } from '../../../../../src/connectors/aws/transport/connection-error.js'
import { encodeRow } from '../../../../../src/connectors/dynamodb/row.js'
import { SignedBatchWriter } from '../../../../../src/connectors/dynamodb/signed-batch-writer.js'
import { type TestScope } from '../../../../helpers/stack.js'
import { until } from '../../../../helpers/until.js'
import { answer, rawAnswer, startRawServer } from './raw-server.js'

process.env.AWS_ACCESS_KEY_ID = 'test'
process.env.AWS_SECRET_ACCESS_KEY = 'test'

const ROWS = [encodeRow('a', { UUID: { S: 'a' } })]
const LIMITS = { connections: 2, connectTimeoutMs: 500, requestTimeoutMs: 5_000, callTimeoutMs: 6_000 }

function writerTo (t: TestScope, url: string, limits: Partial<typeof LIMITS> = {}) {
  const client = createDynamoDBClient({ region: 'eu-west-1', endpoint: url, maxSockets: 1, connectTimeoutMs: 500, requestTimeoutMs: 500 })
  const writer = new SignedBatchWriter(client, { ...LIMITS, ...limits })
  t.teardown(() => {
    writer.destroy()
    client.destroy()
  })
  return (signal = new AbortController().signal) => writer.write('events', ROWS, signal).then(() => 'done', (error: unknown) => classifyError(error).code)
}

t.test('an aborted call ends at once, and so does its connection; the next has one of its own', async t => {
  const server = await startRawServer(t)
  let closed = false
  server.answerWith(socket => { socket.on('close', () => { closed = true }) })
  const write = writerTo(t, server.url)
  const controller = new AbortController()
  const call = write(controller.signal)
  await until(() => server.requests.length === 1)
  controller.abort()
  t.equal(await call, 'ABORTED')
  await until(() => closed)
  server.answerWith(answer(200, '{}'))
  t.equal(await write(), 'done')
})

t.test('a call that is aborted before it begins is never sent', async t => {
  const server = await startRawServer(t)
  server.answerWith(answer(200, '{}'))
  const write = writerTo(t, server.url)
  t.equal(await write(AbortSignal.abort()), 'ABORTED')
  t.equal(await write(), 'done')
  t.equal(await write(AbortSignal.abort()), 'ABORTED')
  t.equal(server.requests.length, 1)
})

t.test('connections are bounded, and used again and again', async t => {
  const server = await startRawServer(t)
  const sockets = new Set<Socket>()
  const waiting: Socket[] = []
  server.answerWith(socket => {
    sockets.add(socket)
    waiting.push(socket)
  })
  const write = writerTo(t, server.url)
  const calls = Array.from({ length: 10 }, () => write())
  for (let answered = 0; answered < 10; answered++) {
    await until(() => waiting.length > 0)
    t.ok(waiting.length <= LIMITS.connections)
    waiting.shift()?.write(rawAnswer(200, '{}'))
  }
  t.strictSame(await Promise.all(calls), Array.from({ length: 10 }, () => 'done'))
  t.equal(sockets.size, LIMITS.connections)
})

t.test('a call that is given up while it waits for a connection is never sent', async t => {
  const server = await startRawServer(t)
  const waiting: Socket[] = []
  server.answerWith(socket => { waiting.push(socket) })
  const write = writerTo(t, server.url, { connections: 1 })
  const first = write()
  await until(() => waiting.length === 1)
  const controller = new AbortController()
  const second = write(controller.signal)
  controller.abort()
  t.equal(await second, 'ABORTED')
  waiting[0]?.write(rawAnswer(200, '{}'))
  t.equal(await first, 'done')
  server.answerWith(answer(200, '{}'))
  t.equal(await write(), 'done')
  t.equal(server.requests.length, 2)
})

t.test('a connection that the server has closed meanwhile fails no call', async t => {
  const server = await startRawServer(t)
  let closed = 0
  server.answerWith(socket => {
    socket.on('close', () => { closed++ })
    socket.write(rawAnswer(200, '{}'), () => { socket.end() })
  })
  const write = writerTo(t, server.url)
  for (let calls = 1; calls <= 3; calls++) {
    t.equal(await write(), 'done')
    await until(() => closed === calls)
  }
})

t.test('the deadline holds from the call on, also for those that wait for a connection', async t => {
  const server = await startRawServer(t)
  server.answerWith(() => {})
  const write = writerTo(t, server.url, { connections: 1, requestTimeoutMs: 300 })
  const start = performance.now()
  t.strictSame(await Promise.all([write(), write(), write()]), ['TIMEOUT', 'TIMEOUT', 'TIMEOUT'])
  t.ok(performance.now() - start < 3 * 300 - 1, 'not one after the other')
})

t.test('an endpoint where nobody listens is unavailable', async t => {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise(resolve => server.close(resolve))
  t.equal(await writerTo(t, `http://127.0.0.1:${port}`)(), 'UNAVAILABLE')
  t.equal(await writerTo(t, `http://localhost:${port}`)(), 'UNAVAILABLE', 'at each of several addresses')
})

t.test('a connection that is not made in time is a timeout', async t => {
  const code = (error: Error) => classifyError(connectionError(error)).code
  t.equal(code(Object.assign(new Error('slow'), { name: 'ConnectTimeoutError', code: 'UND_ERR_CONNECT_TIMEOUT' })), 'TIMEOUT')
})

t.test('an answer that is larger than any true one fails, and its memory is given back', async t => {
  const server = await startRawServer(t)
  let closed = false
  server.answerWith(socket => {
    socket.on('close', () => { closed = true })
    const megabyte = Buffer.alloc(1_000_000, ' ')
    socket.write('HTTP/1.1 200 OK\r\n\r\n')
    for (let megabytes = 0; megabytes < 30; megabytes++) socket.write(megabyte)
  })
  t.equal(await writerTo(t, server.url)(), 'UNKNOWN')
  await until(() => closed)
})
