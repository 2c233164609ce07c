import { once } from 'node:events'
import { connect, type AddressInfo, createServer, type Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import t from 'tap'
import { startCountingEndpoint } from '../../../../bench/counting-endpoint/counting-endpoint.js'
import { HttpConnection, type Handle } from '../../../../bench/counting-endpoint/http-connection.js'
import { readRequest } from '../../../../bench/counting-endpoint/read-request.js'
import { createSelfSigned } from '../../../../bench/counting-endpoint/self-signed.js'

const LENGTH = 'POST /a HTTP/1.1\r\nHost: x\r\nX-Amz-Target: DynamoDB_20120810.BatchWriteItem\r\nContent-Length: 11\r\n\r\nhello world'
const CHUNKED = 'POST /b HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\nx-amz-target: AmazonSQS.SendMessageBatch\r\n\r\n5\r\nhello\r\n6;some=extension\r\n world\r\n0\r\n\r\n'
const BARE = 'GET /c HTTP/1.1\r\nhost: x\r\n\r\n'
/** Of the event loop, until a late answer comes: plenty for what was sent meanwhile to arrive. */
const TURNS = 100
const EXPECTED = ['/a BatchWriteItem hello world', '/b SendMessageBatch hello world', '/c  ']

t.test('a request is read wherever it is cut, and never before it is whole', async t => {
  for (const request of [LENGTH, CHUNKED, BARE]) {
    const bytes = Buffer.from(`before${request}after`)
    const start = 6
    const end = start + request.length
    for (let cut = start; cut < end; cut++) {
      const needed = readRequest(bytes.subarray(0, cut), start)
      if (typeof needed !== 'number') return t.fail(`read from ${cut} of ${end} bytes`)
      if (needed <= cut - start || needed > end - start) t.fail(`${needed} bytes are said to be needed at ${cut}`)
    }
    t.match(readRequest(bytes, start), { end })
  }
})

t.test('requests in any parts, and several at once, are answered in order', async t => {
  const all = LENGTH + CHUNKED + BARE
  for (const size of [1, 7, 64, all.length]) {
    const { socket, seen } = await serve(t, ({ path, operation, body }) => {
      seen.push(`${path} ${operation} ${body.toString()}`)
      return { status: 200, body: path }
    })
    for (let at = 0; at < all.length; at += size) {
      socket.write(all.slice(at, at + size))
      await setImmediate() // parts of their own
    }
    t.strictSame(await bodies(socket, 3), ['/a', '/b', '/c'])
    t.strictSame(seen, EXPECTED)
  }
})

t.test('a late answer holds those behind it back', async t => {
  const { socket, seen } = await serve(t, async ({ path }) => {
    seen.push(path)
    if (path !== '/a') return { status: 200, body: path }
    for (let turn = 0; turn < TURNS; turn++) await setImmediate()
    return { status: 200, body: 'läte' }
  })
  socket.write(LENGTH + BARE)
  await setImmediate()
  socket.write(CHUNKED)
  t.strictSame(await bodies(socket, 3), ['läte', '/c', '/b'])
  t.strictSame(seen, ['/a', '/c', '/b'])
})

t.test('its TLS is trusted by who knows its certificate, and by nobody else', async t => {
  const certificate = createSelfSigned()
  const endpoint = await startCountingEndpoint({ certificate })
  t.teardown(async () => { await endpoint.close() })
  const { hostname: host, port } = new URL(endpoint.url)
  const socket = connectTls({ host, port: Number(port), ca: certificate.certificate })
  t.teardown(() => socket.destroy())
  await once(socket, 'secureConnect')
  socket.write('GET /__report HTTP/1.1\r\nhost: x\r\n\r\n')
  t.match(JSON.parse((await bodies(socket, 1))[0] ?? ''), { messages: 0 })
  const stranger = connectTls({ host, port: Number(port), ca: createSelfSigned().certificate })
  await t.rejects(once(stranger, 'secureConnect'), { code: /SELF_SIGNED|SIGNATURE/ })
})

async function serve (t: { teardown (handler: () => void): void }, handle: Handle) {
  const server = createServer(socket => new HttpConnection(socket, handle))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  t.teardown(() => {
    socket.destroy()
    server.close()
  })
  return { socket, seen: [] as string[] }
}

/** Of so many answers. */
async function bodies (socket: Socket, count: number): Promise<string[]> {
  let text = ''
  for await (const [part] of on(socket)) {
    text += part.toString('latin1')
    const answers = [...text.matchAll(/content-length: (\d+)\r\n\r\n/g)].map(({ 0: head, 1: length, index }) => text.slice(index + head.length, index + head.length + Number(length)).padEnd(Number(length), '\0'))
    if (answers.length === count && answers.at(-1)?.endsWith('\0') === false) return answers.map(answer => Buffer.from(answer, 'latin1').toString())
  }
  return []
}

async function * on (socket: Socket): AsyncGenerator<[Buffer]> {
  for (;;) yield await once(socket, 'data') as [Buffer]
}
