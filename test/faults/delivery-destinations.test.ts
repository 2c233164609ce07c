import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { createSelfSigned } from '../../bench/counting-endpoint/self-signed.js'
import { DEAD_LETTER_HEADERS } from '../../src/connectors/kafka/dead-letter-stage.js'
import { type DeliveryDestination } from '../../src/service/config/delivery-destination.js'
import { DeliveryRoad, headerOf } from '../helpers/delivery-road.js'
import { type Behaviour, DestinationServer, type ReceivedRequest } from '../helpers/destination-server.js'
import { type NameAnswer, NameServer } from '../helpers/name-server.js'
import { startTestStack } from '../helpers/stack.js'

const NAME_SERVER_MODULE = fileURLToPath(new URL('./harness/delivery-name-server.js', import.meta.url))
const USERS = 4
const EVENTS = 12
/** Enough for what answers; what does not is given up after it. */
const TIMEOUT_MS = 2_000
const PAUSE_SECONDS = 1
const GRACE_MS = 1_000

/** What becomes of the events. `sends`: of each event; where a destination is held, nobody counts its probes. */
type End =
  | { readonly delivered: true, readonly sends: number }
  | { readonly letters: RegExp, readonly sends: number, readonly of?: string }
  | { readonly held: string }

interface Case {
  readonly behaviour?: Behaviour
  readonly settings?: Partial<DeliveryDestination>
  readonly end: End
}

const { kafka } = await startTestStack(t, { servers: ['kafka'], ports: 'free' })

const ok: Behaviour = () => 200
const selfSigned = createSelfSigned()
const [untrusted, plain, named] = await Promise.all([DestinationServer.start(ok, { key: selfSigned.key, cert: selfSigned.certificate }), DestinationServer.start(ok), DestinationServer.start(ok)])
const addresses: Record<string, NameAnswer> = { 'nowhere.example': 'unknown', 'silent.example': 'silence', 'inside.example': ['10.0.0.1'] }
const names = await NameServer.start(name => addresses[name] ?? 'unknown')
t.teardown(async () => {
  names.close()
  await Promise.all([untrusted, plain, named].map(server => server.close()))
})

const BOMB = gzipSync(Buffer.alloc(64 * 1024 * 1024))
/** Sends that hang take their time. */
const FEW_SENDS = { retries: 1 }

const cases: Readonly<Record<string, Case>> = {
  slow: { behaviour: () => response => { setTimeout(() => { response.writeHead(200).end() }, TIMEOUT_MS / 5) }, end: { delivered: true, sends: 1 } },
  'trickling-body': { behaviour: () => response => { response.writeHead(200).flushHeaders(); trickle(() => response.write('.'), response) }, end: { delivered: true, sends: 1 } },
  'trickling-head': {
    behaviour: () => ({ socket }) => { if (socket !== null) { socket.write('HTTP/1.1 200 OK\r\n'); trickle(() => socket.write('x: y\r\n'), socket) } },
    settings: { ...FEW_SENDS, connectTimeoutMs: 300, timeoutMs: 300 },
    end: { letters: /^ATTEMPTS_EXHAUSTED: TIMEOUT/, sends: 2 }
  },
  redirecting: { behaviour: () => response => { response.writeHead(302, { location: `${named.url}/elsewhere` }).end() }, end: { held: 'MISCONFIGURED' } },
  missing: { behaviour: () => 404, end: { held: 'NOT_FOUND' } },
  refusing: { behaviour: request => userOf(request) === 'user_0' ? 413 : 200, end: { letters: /^REJECTED/, sends: 1, of: 'user_0' } },
  busy: {
    behaviour: (_request, count) => response => {
      if (count === 1) response.writeHead(429, { 'retry-after': String(PAUSE_SECONDS) }).end()
      else response.writeHead(200).end()
    },
    settings: { concurrency: 1 },
    end: { delivered: true, sends: 1 }
  },
  failing: { behaviour: () => 503, settings: { ...FEW_SENDS }, end: { letters: /^ATTEMPTS_EXHAUSTED: SERVER_ERROR/, sends: 2 } },
  resetting: { behaviour: () => response => { response.socket?.resetAndDestroy() }, settings: { ...FEW_SENDS }, end: { letters: /^ATTEMPTS_EXHAUSTED: CONNECTION/, sends: 2 } },
  'cut-short': { behaviour: () => response => { response.writeHead(200, { 'content-length': '100' }).write('half', () => { response.socket?.resetAndDestroy() }) }, end: { delivered: true, sends: 1 } },
  bomb: { behaviour: () => response => { response.writeHead(200, { 'content-encoding': 'gzip' }).end(BOMB) }, end: { delivered: true, sends: 1 } },
  nowhere: { settings: { url: `http://nowhere.example:${named.port}/` }, end: { held: 'NOT_FOUND' } },
  inside: { settings: { url: `http://inside.example:${named.port}/` }, end: { held: 'FORBIDDEN_ADDRESS' } },
  silent: { settings: { url: `http://silent.example:${named.port}/`, connectTimeoutMs: 300 }, end: { held: 'NAME_LOOKUP_FAILED' } },
  untrusted: { settings: { url: untrusted.url }, end: { held: 'TLS_FAILED' } },
  'without-tls': { settings: { url: plain.url.replace('http:', 'https:') }, end: { held: 'TLS_FAILED' } },
  flapping: { behaviour: flapping(), end: { delivered: true, sends: 2 } },
  healthy: { end: { delivered: true, sends: 1 } }
}
const HELD = Object.keys(cases).filter(name => 'held' in cases[name]!.end)
const ENDING = Object.keys(cases).filter(name => !HELD.includes(name))
/** What is wrong with the others is the test's to keep. */
const MENDED = ['redirecting', 'missing', 'nowhere', 'inside', 'silent']

const road = await DeliveryRoad.create(t, {
  name: 'wrong',
  kafka: kafka.brokers,
  destinations: Object.fromEntries(Object.entries(cases).map(([name, { behaviour = ok, settings }]) =>
    [name, { behaviour, timeoutMs: TIMEOUT_MS, breakerProbeMaxMs: 100, ...settings }])),
  knobs: { COMMIT_INTERVAL_MS: '100', SHUTDOWN_GRACE_MS: String(GRACE_MS), REVOKE_DRAIN_MS: String(GRACE_MS / 2), FAULTS_NAME_SERVER: names.address }
})
const service = await road.startService({}, { nodeArgs: ['--import', NAME_SERVER_MODULE] })
await road.send(service, Array.from({ length: EVENTS }, (_, index) => [`user_${index % USERS}`, String(Math.floor(index / USERS))] as const))
await road.isWorkedOff(service, 'healthy')
const behind = (await Promise.all(HELD.map(name => road.lag(name)))).filter(lag => lag > 0).length
await road.isWorkedOff(service, ...ENDING)

t.test('H1–H8: beside destinations that fail in every way one that is well has had every event while they were still at it, and the process is ready', async t => {
  t.equal(behind, HELD.length)
  t.equal((await service.health('/ready')).status, 200)
})

for (const [name, { end }] of Object.entries(cases)) {
  const requests = (): readonly ReceivedRequest[] => road.servers[name]?.received ?? []
  if ('held' in end) {
    t.test(`H1–H8: ${name}: the destination is held (${end.held}), no event is condemned, and nothing is committed`, async t => {
      const line = await service.sees('it is said', () => service.log.find(({ message, destination, code }) => message.includes('is held') && destination === name && code === end.held))
      t.equal(line.code, end.held)
      t.equal((await service.metrics()).sum('penstock_delivery_held', { destination: name }), 1)
      t.equal(await road.lag(name), EVENTS)
      t.same(await road.deadLetters(name), [])
    })
    continue
  }
  t.test(`H1–H8: ${name}: ${'delivered' in end ? 'every event is delivered' : 'events become dead letters'}, after ${end.sends} sends each, in the order of each user`, async t => {
    const letters = await road.deadLetters(name)
    if ('letters' in end) {
      const condemned = letters.map(letter => JSON.parse(String(letter.value)) as { user_id: string })
      t.equal(condemned.length, end.of === undefined ? EVENTS : EVENTS / USERS, 'each once')
      if (end.of !== undefined) t.ok(condemned.every(({ user_id: user }) => user === end.of), 'and nobody else\'s')
      for (const letter of letters) t.match(`${headerOf(letter, DEAD_LETTER_HEADERS.reason)}: ${headerOf(letter, DEAD_LETTER_HEADERS.error)}`, end.letters)
    } else t.same(letters, [])
    const sends = new Map<string, number>()
    for (const { id } of road.received(name)) sends.set(id, (sends.get(id) ?? 0) + 1)
    t.equal(sends.size, EVENTS, 'every event has come')
    // The one that was told to wait was told so once.
    const told = name === 'busy' ? 1 : 0
    t.equal(requests().length, EVENTS * end.sends + told)
    for (let user = 0; user < USERS; user++) {
      const payloads = road.received(name).filter(event => event.user_id === `user_${user}`).map(({ payload }) => Number(payload))
      t.same(payloads, payloads.toSorted((a, b) => a - b), `user_${user}`)
    }
    const metrics = await service.metrics()
    t.equal(metrics.sum('penstock_delivery_delivered_total', { destination: name }), EVENTS - letters.length)
    if (name === 'busy') t.ok(requests()[1]!.at - requests()[0]!.at > PAUSE_SECONDS * 990, 'the whole destination has waited for as long as it asked')
  })
}

t.test('H1–H8: no redirect was followed, and nothing came where a name or a certificate was wrong', async t => {
  t.same([untrusted, plain, named].map(({ received }) => received.length), [0, 0, 0])
})

t.test('H1–H8: what was held goes on by itself when it is mended, in the order of each user', async t => {
  for (const name of ['redirecting', 'missing']) road.servers[name]!.behaviour = ok
  for (const name of ['nowhere.example', 'inside.example', 'silent.example']) addresses[name] = ['127.0.0.1']
  await road.isWorkedOff(service, ...MENDED)
  const metrics = await service.metrics()
  for (const name of MENDED) {
    t.same(await road.deadLetters(name), [], name)
    t.equal(metrics.sum('penstock_delivery_delivered_total', { destination: name }), EVENTS, name)
    t.equal(metrics.sum('penstock_delivery_held', { destination: name }), 0, name)
  }
  t.equal(named.received.length, 3 * EVENTS, 'all of the names lead here')
  t.equal(await service.stop(), 3, 'two are still held: what they have begun can not be finished')
})

function userOf ({ body }: ReceivedRequest): string {
  return (JSON.parse(String(body)) as { user_id: string }).user_id
}

/** Each event fails once, every time in another way. */
function flapping (): Behaviour {
  const seen = new Set<string>()
  return ({ headers }) => {
    const id = String(headers['webhook-id'])
    if (seen.has(id)) return 200
    seen.add(id)
    switch (seen.size % 4) {
      case 0: return 500
      case 1: return 408
      case 2: return response => { response.socket?.resetAndDestroy() }
      default: return () => {} // never answered
    }
  }
}

/** A little now and then, for as long as it is taken. */
function trickle (write: () => boolean, stream: { readonly destroyed: boolean }): void {
  const timer = setInterval(() => {
    if (stream.destroyed) clearInterval(timer)
    else write()
  }, 50)
}
