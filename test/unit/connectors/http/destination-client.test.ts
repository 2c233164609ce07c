import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { type ServerResponse } from 'node:http'
import { createServer } from 'node:net'
import { type AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { createSelfSigned } from '../../../../bench/counting-endpoint/self-signed.js'
import { outcomeOfFailure } from '../../../../src/connectors/http/classify-answer.js'
import { DestinationClient, type DestinationClientOptions } from '../../../../src/connectors/http/destination-client.js'
import { type Answer } from '../../../../src/connectors/http/exchange.js'
import { systemClock } from '../../../../src/engine/clock.js'
import { type Behaviour, DestinationServer } from '../../../helpers/destination-server.js'
import { type NameAnswer, NameServer } from '../../../helpers/name-server.js'
import { until } from '../../../helpers/until.js'

const BODY = Buffer.from('{"payload":"ü"}')
const NEVER = new AbortController().signal
const LOOPBACK = ['127.0.0.1/32']

function clientOf (t: Test, options: Partial<DestinationClientOptions> & { url: string }) {
  const client = new DestinationClient({
    method: 'POST', headers: {}, connections: 4, connectTimeoutMs: 2_000, timeoutMs: 5_000, allowedNetworks: LOOPBACK, clock: systemClock, ...options
  })
  t.teardown(() => client.close())
  return { client, send: (signal = NEVER): Promise<Answer> => client.send(BODY, {}, signal) }
}

async function serve (t: Test, behaviour?: Behaviour, tls?: { key: string, cert: string }): Promise<DestinationServer> {
  const server = await DestinationServer.start(behaviour, tls)
  t.teardown(() => server.close())
  return server
}

async function nameServer (t: Test, answerTo: (name: string, asked: number, family: 4 | 6) => NameAnswer): Promise<NameServer> {
  const server = await NameServer.start(answerTo)
  t.teardown(() => { server.close() })
  return server
}

/** The outcome's class and code of a request without an answer. */
async function failureOf (sending: Promise<Answer>): Promise<string> {
  const error = await sending.then(({ status }) => { throw new RangeError(`there was an answer: ${status}`) }, (error: unknown) => error)
  const outcome = outcomeOfFailure(error)
  return outcome.class === 'done' ? 'done' : `${outcome.class} ${outcome.code}`
}

t.test('a request is sent as it is configured, with the headers of the call', async t => {
  const server = await serve(t)
  const { client } = clientOf(t, { url: `${server.url}/a%20b?key=1#fragment`, method: 'PUT', headers: { Authorization: 'Bearer abc', 'Content-Type': 'application/vnd.event+json' } })
  t.strictSame(await client.send(BODY, { 'webhook-id': '7' }, NEVER), { status: 204, retryAfter: undefined })
  t.match(server.received, [{
    method: 'PUT',
    path: '/hook/a%20b?key=1',
    body: BODY,
    headers: { authorization: 'Bearer abc', 'content-type': 'application/vnd.event+json', 'webhook-id': '7', 'user-agent': 'penstock', 'content-length': String(BODY.length) }
  }])
})

t.test('connections are used again, and never more than are allowed', async t => {
  const open: ServerResponse[] = []
  const server = await serve(t, () => response => { open.push(response) })
  const { send } = clientOf(t, { url: server.url, connections: 2 })
  const sending = Promise.all(Array.from({ length: 6 }, () => send()))
  for (let answered = 0; answered < 6; answered += 2) {
    await until(() => open.length === 2)
    for (const response of open.splice(0)) response.writeHead(200).end('thank you')
  }
  await sending
  t.equal(server.connections, 2)
})

t.test('an address that is not allowed is not connected to, however it is written', async t => {
  const server = await serve(t)
  for (const host of ['127.0.0.1', '2130706433', '0x7f.1', '0x7f000001', '017700000001', '127.1', '0', '[::1]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', 'localhost', 'a.localhost', '10.0.0.1', '169.254.169.254']) {
    const { send } = clientOf(t, { url: `http://${host}:${server.port}/`, allowedNetworks: [] })
    t.equal(await failureOf(send()), 'environment FORBIDDEN_ADDRESS', host)
  }
  t.equal(server.connections, 0)
})

t.test('a name is connected to at its address', async t => {
  const server = await serve(t)
  const names = await nameServer(t, () => ['127.0.0.1'])
  const { send } = clientOf(t, { url: `http://hooks.example:${server.port}/`, nameServers: [names.address] })
  t.match(await send(), { status: 204 })
  t.equal(server.received[0]?.headers.host, `hooks.example:${server.port}`)
  t.strictSame(names.asked, ['hooks.example'])
})

t.test('a name that leads into a network that is not allowed is not connected to', async t => {
  const server = await serve(t)
  for (const address of ['127.0.0.1', '10.0.0.1', '169.254.169.254', '::1']) {
    const names = await nameServer(t, () => [address])
    const { send } = clientOf(t, { url: `http://hooks.example:${server.port}/`, nameServers: [names.address], allowedNetworks: [] })
    t.equal(await failureOf(send()), 'environment FORBIDDEN_ADDRESS', address)
  }
  t.equal(server.connections, 0)
})

t.test('of several addresses only those that are allowed are connected to', async t => {
  const server = await serve(t)
  const names = await nameServer(t, () => ['127.0.0.2', '127.0.0.1', '::1'])
  const { send } = clientOf(t, { url: `http://hooks.example:${server.port}/`, nameServers: [names.address] })
  t.match(await send(), { status: 204 })
})

t.test('a family of addresses that nobody tells of is not waited for', async t => {
  const server = await serve(t)
  const names = await nameServer(t, (_name, _asked, family) => family === 4 ? ['127.0.0.1'] : 'silence')
  const { send } = clientOf(t, { url: `http://hooks.example:${server.port}/`, nameServers: [names.address], connectTimeoutMs: 10_000, timeoutMs: 10_000 })
  const startedAt = performance.now()
  t.match(await send(), { status: 204 })
  t.ok(performance.now() - startedAt < 5_000)
})

t.test('the address that was checked is the one that is connected to: a name that changes in between gains nothing', async t => {
  const server = await serve(t)
  const names = await nameServer(t, (_name, asked) => asked === 1 ? ['127.0.0.1'] : ['127.0.0.2'])
  const { send } = clientOf(t, { url: `http://hooks.example:${server.port}/`, nameServers: [names.address], connections: 1 })
  t.match(await send(), { status: 204 })
  t.strictSame(names.asked, ['hooks.example'])
  server.behaviour = () => response => { response.writeHead(200, { connection: 'close' }).end() }
  await send()
  t.equal(await failureOf(send()), 'environment FORBIDDEN_ADDRESS', 'a new connection checks anew')
  t.equal(names.asked.length, 2)
})

t.test('a name that does not exist is told from one that can not be looked up', async t => {
  const unknown = await nameServer(t, () => 'unknown')
  t.equal(await failureOf(clientOf(t, { url: 'http://nowhere.example/', nameServers: [unknown.address] }).send()), 'environment NOT_FOUND')
  const silent = await nameServer(t, () => 'silence')
  t.match(await failureOf(clientOf(t, { url: 'http://slow.example/', nameServers: [silent.address], connectTimeoutMs: 100 }).send()), /^environment NAME_LOOKUP_FAILED$/)
})

t.test('slow names of one destination stall neither another nor the thread pool', async t => {
  const server = await serve(t)
  const silent = await nameServer(t, () => 'silence')
  const names = await nameServer(t, () => ['127.0.0.1'])
  const slow = clientOf(t, { url: 'http://slow.example/', nameServers: [silent.address], connections: 20, connectTimeoutMs: 3_000, timeoutMs: 3_000 })
  let ended = 0
  const sending = Array.from({ length: 20 }, async () => {
    await slow.send().catch(() => {})
    ended++
  })
  await until(() => silent.asked.length >= 20)
  const { send } = clientOf(t, { url: `http://hooks.example:${server.port}/`, nameServers: [names.address] })
  t.match(await send(), { status: 204 })
  await Promise.all(Array.from({ length: 8 }, () => readFile(new URL(import.meta.url))))
  t.equal(ended, 0)
  await Promise.all(sending)
})

t.test('a redirect is an answer and is not followed', async t => {
  const other = await serve(t)
  const server = await serve(t, () => response => { response.writeHead(307, { location: other.url }).end() })
  t.match(await clientOf(t, { url: server.url }).send(), { status: 307 })
  t.equal(server.received.length, 1)
  t.equal(other.connections, 0)
})

t.test('a destination that does not answer, or not to the end of a head, is given up at the deadline', async t => {
  const server = await serve(t, () => () => {})
  const started = performance.now()
  t.equal(await failureOf(clientOf(t, { url: server.url, timeoutMs: 300 }).send()), 'transient TIMEOUT')
  const trickling = createServer(socket => {
    const timer = setInterval(() => { socket.write('x') }, 20)
    socket.write('HTTP/1.1 200 OK\r\nx-long: ')
    socket.on('close', () => { clearInterval(timer) }).on('error', () => {})
  })
  trickling.listen(0, '127.0.0.1')
  await once(trickling, 'listening')
  t.teardown(() => { trickling.close() })
  t.equal(await failureOf(clientOf(t, { url: `http://127.0.0.1:${(trickling.address() as AddressInfo).port}/`, timeoutMs: 300 }).send()), 'transient TIMEOUT')
  t.ok(performance.now() - started < 5_000)
})

t.test('after requests that were given up the next ones have connections', async t => {
  const server = await serve(t, (_request, count) => count <= 4 ? () => {} : 200)
  const { send } = clientOf(t, { url: server.url, connections: 2, timeoutMs: 500 })
  for (let round = 0; round < 2; round++) t.strictSame(await Promise.all([failureOf(send()), failureOf(send())]), ['transient TIMEOUT', 'transient TIMEOUT'])
  t.match(await Promise.all([send(), send()]), [{ status: 200 }, { status: 200 }])
})

t.test('a caller that gives up is told at once', async t => {
  const server = await serve(t, () => () => {})
  const { send } = clientOf(t, { url: server.url, timeoutMs: 60_000 })
  const controller = new AbortController()
  const sending = failureOf(send(controller.signal))
  await until(() => server.received.length === 1)
  controller.abort()
  t.equal(await sending, 'transient ABORTED')
  t.equal(await failureOf(send(AbortSignal.abort())), 'transient ABORTED')
  t.equal(server.received.length, 1)
})

t.test('what comes after the head of an answer changes nothing, and is neither decoded nor read without end', async t => {
  const bomb = gzipSync(Buffer.alloc(50_000_000))
  let written = 0
  const bodies: Record<string, (response: ServerResponse) => void> = {
    'a trickle without an end': response => {
      response.writeHead(200)
      const timer = setInterval(() => { response.write('x') }, 20)
      response.on('close', () => { clearInterval(timer) })
    },
    'a flood without an end': response => {
      response.writeHead(200)
      const flood = (): void => {
        if (response.destroyed) return
        written += 65_536
        response.write(Buffer.alloc(65_536), () => { setImmediate(flood) })
      }
      flood()
    },
    'a reset in the middle': response => {
      response.writeHead(200, { 'content-length': '1000' }).write('half')
      setImmediate(() => { response.destroy() })
    },
    'a bomb': response => { response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb) }
  }
  for (const [what, respond] of Object.entries(bodies)) {
    const server = await serve(t, (_request, count) => count === 1 ? respond : 204)
    const { send } = clientOf(t, { url: server.url, connections: 1, timeoutMs: 4_000 })
    const before = process.memoryUsage().rss
    const startedAt = performance.now()
    t.match(await send(), { status: 200 }, what)
    if (what.startsWith('a flood')) t.ok(performance.now() - startedAt < 900, 'it is cut by its size, before its time is over')
    t.match(await send(), { status: 204 }, `after ${what}`)
    t.ok(process.memoryUsage().rss - before < 40_000_000, `${what}: memory`)
  }
  t.ok(written < 20_000_000, `${written} bytes of the flood`)
})

t.test('what comes before the answer is not taken for it', async t => {
  const server = await serve(t, () => response => {
    response.writeProcessing()
    response.writeEarlyHints({ link: '</style.css>; rel=preload' })
    setImmediate(() => { response.writeHead(503, { 'retry-after': '7' }).end('later') })
  })
  t.strictSame(await clientOf(t, { url: server.url }).send(), { status: 503, retryAfter: '7' })
})

t.test('a connection that fails is transient, and an answer that is no HTTP too', async t => {
  const server = await serve(t, () => response => { response.socket?.resetAndDestroy() })
  t.equal(await failureOf(clientOf(t, { url: server.url }).send()), 'transient CONNECTION')
  const { port } = server
  await server.close()
  t.equal(await failureOf(clientOf(t, { url: `http://127.0.0.1:${port}/` }).send()), 'transient CONNECTION', 'nobody listens')
  const chatty = createServer(socket => { socket.on('error', () => {}).end('220 mail.example ESMTP\r\n') })
  chatty.listen(0, '127.0.0.1')
  await once(chatty, 'listening')
  t.teardown(() => { chatty.close() })
  t.equal(await failureOf(clientOf(t, { url: `http://127.0.0.1:${(chatty.address() as AddressInfo).port}/` }).send()), 'transient UNEXPECTED_ANSWER')
})

t.test('a certificate is verified, and a failure of TLS is told from one of the connection', async t => {
  const { key, certificate } = createSelfSigned()
  const server = await serve(t, undefined, { key, cert: certificate })
  t.equal(await failureOf(clientOf(t, { url: server.url }).send()), 'environment TLS_FAILED', 'nobody vouches for it')
  t.match(await clientOf(t, { url: server.url, ca: certificate }).send(), { status: 204 })
  const names = await nameServer(t, () => ['127.0.0.1'])
  t.equal(await failureOf(clientOf(t, { url: `https://hooks.example:${server.port}/`, ca: certificate, nameServers: [names.address] }).send()), 'environment TLS_FAILED', 'it is for another name')
  const plain = await serve(t)
  t.equal(await failureOf(clientOf(t, { url: `https://127.0.0.1:${plain.port}/` }).send()), 'environment TLS_FAILED', 'the other side speaks no TLS')
  t.equal(plain.received.length, 0)
})
