import { createServer } from 'node:http'
import { getEventListeners, once } from 'node:events'
import { type AddressInfo } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import t from 'tap'
import { DescribeTableCommand } from '@aws-sdk/client-dynamodb'
import { callWithin } from '../../../../src/connectors/aws/call-within.js'
import { createDynamoDBClient } from '../../../../src/connectors/aws/clients.js'

process.env.AWS_ACCESS_KEY_ID = 'test'
process.env.AWS_SECRET_ACCESS_KEY = 'test'

t.test('a body that stops is given up at the deadline, and its connection with it', async t => {
  const server = createServer((request, response) => {
    request.resume()
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0', 'content-length': 100 })
    response.write('{')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = createDynamoDBClient({
    region: 'eu-west-1',
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    maxSockets: 1,
    connectTimeoutMs: 10_000,
    requestTimeoutMs: 1_000
  })
  const connection = once(server, 'connection')
  const call = callWithin(2_000, new AbortController().signal, abortSignal => client.send(new DescribeTableCommand({ TableName: 'table' }), { abortSignal }))
  const rejected = t.rejects(call, { name: 'TimeoutError', message: /no complete answer/ })
  const [socket] = await connection
  await rejected
  if (socket.destroyed !== true) await once(socket, 'close')
  t.ok(socket.destroyed)
  server.close()
})

t.test('a call that heeds no signal is given up all the same', async t => {
  const patience = new AbortController()
  const waitedLong = setTimeout(5_000, 'still waiting', { signal: patience.signal }).catch(() => {})
  await t.rejects(Promise.race([callWithin(10, new AbortController().signal, async () => await new Promise(() => {})), waitedLong]), { name: 'TimeoutError' })
  patience.abort()
})

t.test('an abort ends the call at once, before it began too', async t => {
  const controller = new AbortController()
  const call = callWithin(60_000, controller.signal, async () => await new Promise(() => {}))
  controller.abort()
  await t.rejects(call, { name: 'AbortError' })
  let called = false
  await t.rejects(callWithin(60_000, controller.signal, async () => { called = true }), { name: 'AbortError' })
  t.notOk(called)
})

t.test('answers and errors pass', async t => {
  const { signal } = new AbortController()
  t.equal(await callWithin(1000, signal, async () => 7), 7)
  await t.rejects(callWithin(1000, signal, async () => { throw new Error('own') }), { message: 'own' })
})

t.test('any number of calls may share a signal, and none leaves a listener behind', async t => {
  const { signal } = new AbortController()
  const warnings: Error[] = []
  const listener = (warning: Error): void => { warnings.push(warning) }
  process.on('warning', listener)
  await Promise.all(Array.from({ length: 20 }, async () => await callWithin(1000, signal, async () => 1)))
  await new Promise(setImmediate) // Warnings are told in a later tick.
  process.off('warning', listener)
  t.same(warnings, [])
  t.equal(getEventListeners(signal, 'abort').length, 0)
})
