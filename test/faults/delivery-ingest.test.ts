import { Agent, request } from 'node:http'
import t from 'tap'
import { readTopic } from '../../src/proof/read-topic.js'
import { DeliveryRoad } from '../helpers/delivery-road.js'
import { type TestService } from '../helpers/service.js'
import { Crowd } from './harness/delivery-crowd.js'
import { startProxiedKafka } from './harness/kafka-proxy/proxied-kafka.js'
import { parameter } from './harness/parameters.js'

/** What this process needs beside the connections, and the service beside those that it takes. */
const OTHER_FILES = 500
const CONNECTIONS = Math.min(parameter('CONNECTIONS', 10_000), openFiles() - OTHER_FILES)
/** Fewer than come. */
const TAKEN = Math.floor(CONNECTIONS * 0.9)
const REQUEST_TIMEOUT_MS = 12_000
/** Of a connection that is open, on both sides of the limit: a parser, a socket, their buffers. */
const MOST_KB_A_CONNECTION = 24
const MOST_GROWTH_MB = 48
const ACK_TIMEOUT_MS = 1_000
const EVENTS = 200
const MB = 1024 * 1024

const { proxy, brokers } = await startProxiedKafka(t)

t.test(`R1: of ${CONNECTIONS} clients that never end their request so many are let in as may be, and are cut with 408; memory is bounded, and others are answered all the while`, async t => {
  const { service, port, road } = await startIngest(t, 'crowd', { INGEST_MAX_CONNECTIONS: String(TAKEN), INGEST_REQUEST_TIMEOUT_MS: String(REQUEST_TIMEOUT_MS) })
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.teardown(() => { agent.destroy() })
  const accepted: string[] = []
  const statuses = new Set<number>()
  const put = async (): Promise<void> => {
    const { status, ids } = await send(port, accepted.length, agent)
    statuses.add(status)
    accepted.push(...ids)
  }
  await service.sees('it accepts events', async () => (await send(port, 0, agent)).status === 202)
  t.equal(await announce(port, 2 * MB), 413, 'a body above the limit is refused before it comes')
  const before = await rssOf(service)
  const crowd = await Crowd.gather(t, port, CONNECTIONS)
  const full = await rssOf(service)
  let most = full
  await service.sees('all of them are ended', async () => {
    await put()
    most = Math.max(most, await rssOf(service))
    return crowd.open === 0
  }, 10 * REQUEST_TIMEOUT_MS)
  t.same(crowd.others, [], 'nothing else is answered')
  t.ok(crowd.refused > 0 && crowd.late >= TAKEN * 0.9, `${crowd.late} were let in and told 408, ${crowd.refused} were not`)
  t.same([...statuses], [202], 'who has a connection is answered')
  t.ok(full - before < TAKEN * MOST_KB_A_CONNECTION / 1024, `${Math.round(full - before)} MB for them`)
  t.ok(most - full < MOST_GROWTH_MB, `${Math.round(most - full)} MB more while they stood`)
  await service.sees('a new client is answered', async () => (await send(port, accepted.length).catch(() => undefined))?.status === 202)
  const log = await readLog(road)
  t.same(accepted.filter(id => !log.has(id)), [], 'what was accepted is in the topic')
  t.comment(`figures: ${CONNECTIONS} connections, ${crowd.late} told 408, ${crowd.refused} refused; ${accepted.length} requests of another client answered meanwhile; ${Math.round(before)} MB, ${Math.round(full)} MB with them, at most ${Math.round(most)} MB`)
  t.equal(await service.stop(), 0)
})

t.test('R2: while Kafka\'s acknowledgements do not come nothing is answered with 202, but with 503 and Retry-After; what was answered with 202 is in the topic', async t => {
  const { service, port, road } = await startIngest(t, 'held', { INGEST_ACK_TIMEOUT_MS: String(ACK_TIMEOUT_MS) })
  t.teardown(() => { proxy.heldAnswers.release() })
  const answers: Answered[] = []
  const accepts = async (payload: number): Promise<void> => {
    await service.sees('it accepts events', async () => {
      const answer = await send(port, payload)
      answers.push(answer)
      return answer.status === 202
    })
  }
  await accepts(0) // The producer connects with it.

  let answered = false
  proxy.heldAnswers.hold('held')
  const begun = send(port, 1).finally(() => { answered = true })
  await service.sees('the broker has it', () => proxy.heldAnswers.count > 0)
  t.notOk(answered, 'that is not enough')
  proxy.heldAnswers.release()
  const first = await begun
  t.equal(first.status, 202)
  answers.push(first)

  proxy.heldAnswers.hold('held')
  const waiting = await Promise.all(Array.from({ length: EVENTS }, (_, index) => send(port, 2 + index)))
  t.ok(proxy.heldAnswers.count > 0, 'the brokers have some of it')
  t.same(waiting.filter(({ status, retryAfter }) => status !== 503 || !(Number(retryAfter) >= 1)), [], 'nobody waits for long, and all are told to come back')
  const startedAt = performance.now()
  const refused = await send(port, -1)
  t.match(refused, { status: 503, retryAfter: /^[1-9]/ })
  t.ok(performance.now() - startedAt < ACK_TIMEOUT_MS, 'at once, as long as the oldest waits')
  proxy.heldAnswers.release()
  await accepts(2 + EVENTS)

  const accepted = answers.filter(({ status }) => status === 202).flatMap(({ ids }) => ids)
  t.ok(accepted.length >= 3)
  const log = await readLog(road)
  t.same(accepted.filter(id => !log.has(id)), [], 'every accepted event is in the topic')
  t.notOk([...log.values()].includes('-1'), 'of what was refused at once, nothing is')
  t.equal(await service.stop(), 0, { log: service.tail })
})

async function startIngest (t: Parameters<typeof DeliveryRoad.create>[0], name: string, knobs: Readonly<Record<string, string>>) {
  const road = await DeliveryRoad.create(t, { name: `ingest-${name}`, kafka: brokers, destinations: {}, knobs: { DELIVERY_PARTS: 'ingest', KAFKA_CLIENT_ID: name, ...knobs } })
  const service = await road.startService()
  await service.becomesReady()
  const { url } = await service.logged('accepting events')
  return { road, service, port: Number(new URL(String(url)).port) }
}

interface Answered {
  readonly status: number
  readonly retryAfter: string | undefined
  /** Of the event, when it was accepted. */
  readonly ids: readonly string[]
}

/** One event; without an agent over a connection of its own. */
async function send (port: number, payload: number, agent = new Agent()): Promise<Answered> {
  return await new Promise((resolve, reject) => {
    const sending = request({ port, host: '127.0.0.1', agent, method: 'PUT', path: '/events', headers: { 'content-type': 'application/json' } }, response => {
      let text = ''
      response.setEncoding('utf8').on('data', chunk => { text += chunk }).on('error', reject).on('end', () => {
        const { id } = JSON.parse(text) as { id?: string }
        resolve({ status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'], ids: id === undefined ? [] : [id] })
      })
    })
    sending.on('error', reject)
    sending.end(JSON.stringify({ user_id: 'user_1', payload: String(payload) }))
  })
}

/** The answer to a request that says how large its body will be, and has not begun to send it. */
async function announce (port: number, bytes: number): Promise<number | undefined> {
  return await new Promise((resolve, reject) => {
    const sending = request({ port, host: '127.0.0.1', agent: false, method: 'PUT', path: '/events', headers: { 'content-type': 'application/json', 'content-length': bytes } }, response => {
      resolve(response.statusCode)
      sending.destroy()
    })
    sending.on('error', reject)
    sending.flushHeaders()
  })
}

/** Payloads by id. */
async function readLog ({ config }: DeliveryRoad): Promise<Map<string, string>> {
  const events = new Map<string, string>()
  await readTopic(config.kafka, config.delivery.topic, ({ value }) => {
    const { id, payload } = JSON.parse(String(value)) as { id: string, payload: string }
    events.set(id, payload)
  })
  return events
}

/** In MB. */
async function rssOf (service: TestService): Promise<number> {
  return (await service.metrics()).sum('process_resident_memory_bytes') / MB
}

/** Files that a process of ours may have open: sockets are files. */
function openFiles (): number {
  const { userLimits } = process.report.getReport() as { readonly userLimits?: { readonly open_files?: { readonly soft: number | 'unlimited' } } }
  const soft = userLimits?.open_files?.soft
  return typeof soft === 'number' ? soft : Infinity
}
