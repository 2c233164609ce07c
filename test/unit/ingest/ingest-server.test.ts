import { createHash } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { systemClock } from '../../../src/engine/clock.js'
import { UsageError } from '../../../src/errors.js'
import { type Appended, type LogRecord } from '../../../src/ingest/event-log.js'
import { type IngestOptions, type IngestServer, startIngestServer } from '../../../src/ingest/ingest-server.js'
import { Tenants } from '../../../src/ingest/tenants.js'
import { type IngestTenant } from '../../../src/service/config/ingest-keys.js'
import { ManualClock } from '../../helpers/manual-clock.js'
import { until } from '../../helpers/until.js'

const EVENT = { user_id: 'user_test_1', payload: 'event click !!!!' }
const KEY = 'k-3f9c'

/** A log that answers as the test says. */
class FakeLog {
  answer: Appended = 'appended'
  fails: Error | undefined
  readonly calls: Array<readonly LogRecord[]> = []
  #held: Promise<void> = Promise.resolve()

  append (records: readonly LogRecord[], told: (result: Appended) => void): void {
    this.calls.push(records)
    if (this.fails !== undefined) throw this.fails
    void this.#held.then(() => { told(this.answer) })
  }

  hold (): { release (): void } {
    let release = (): void => {}
    this.#held = new Promise(resolve => { release = resolve })
    return { release }
  }
}

t.test('An event is answered with its id once the log has it, by PUT and by POST', async t => {
  const { url, records, log } = await start(t)
  for (const method of ['PUT', 'POST']) {
    const response = await send(url, EVENT, { method })
    t.equal(response.status, 202)
    t.equal(response.headers.get('content-type'), 'application/json; charset=utf-8')
    const { id } = await response.json() as { id: string }
    const record = records().at(-1)
    t.equal(record?.topic, 'event-log')
    t.equal(String(record?.key), 'user_test_1')
    t.match(JSON.parse(String(record?.value)), { id, tenant: 'default', ...EVENT, received_at: /^\d{4}-\d\d-\d\dT[\d:.]+Z$/ })
  }
  log.answer = 'unknown'
  t.equal((await send(url, EVENT)).status, 503, 'not before')
})

t.test('A batch is an array, or an event a line, and goes to the log in one call', async t => {
  const { url, calls } = await start(t)
  const other = { user_id: 'user_test_2', payload: '' }
  for (const [body, type] of [[JSON.stringify([EVENT, other]), 'application/json; charset=utf-8'], [`${JSON.stringify(EVENT)}\n${JSON.stringify(other)}\n`, 'application/x-ndjson']]) {
    const response = await send(url, body, { headers: { 'content-type': type ?? '' } })
    t.equal(response.status, 202)
    const { ids } = await response.json() as { ids: string[] }
    t.equal(new Set(ids).size, 2)
    t.strictSame(calls.at(-1)?.map(({ value }) => (JSON.parse(String(value)) as { id: string }).id), ids, 'in their order')
  }
  t.equal(calls.length, 2)
})

t.test('A repeat with the same idempotency key has the same ids', async t => {
  const { url } = await start(t)
  const ids = async (key: string): Promise<unknown> => await (await send(url, [EVENT, EVENT], { headers: { 'idempotency-key': key } })).json()
  const first = await ids('order-1')
  t.strictSame(await ids('order-1'), first)
  t.notSame(await ids('order-2'), first)
  t.equal((await send(url, EVENT, { headers: { 'idempotency-key': 'a b' } })).status, 400)
})

t.test('What can never be taken is 400, with all that is wrong, and nothing of it reaches the log', async t => {
  const { url, records } = await start(t)
  const response = await send(url, [EVENT, { user_id: 'a', secret: 'x' }, 7])
  t.equal(response.status, 400)
  t.equal(response.headers.get('content-type'), 'application/problem+json; charset=utf-8')
  const text = await response.text()
  t.match(JSON.parse(text), { status: 400, title: 'Bad Request', errors: [{ index: 1, code: 'SCHEMA_VIOLATION' }, { index: 2 }] })
  t.notMatch(text, /secret/)
  for (const body of ['', '{', '"text"']) t.equal((await send(url, body)).status, 400, JSON.stringify(body))
  t.strictSame(records(), [])
})

t.test('A body that is too large is 413, of another kind or encoded 415', async t => {
  const { url, records } = await start(t, { maxBodyBytes: 1_000 })
  t.equal((await send(url, { ...EVENT, payload: 'x'.repeat(1_000) })).status, 413)
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', '']) {
    t.equal((await send(url, EVENT, { headers: { 'content-type': type } })).status, 415, type)
  }
  t.equal((await fetch(`${url}/events`, { method: 'PUT' })).status, 415, 'no body')
  t.equal((await send(url, EVENT, { headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' } })).status, 415)
  t.strictSame(records(), [])
})

t.test('What the log says is what the client hears', async t => {
  const { url, log } = await start(t)
  const cases: ReadonlyArray<readonly [Appended, number, string | null]> = [
    ['full', 503, '1'], ['unavailable', 503, '5'], ['unknown', 503, '5'], ['too-large', 413, null]
  ]
  for (const [answer, status, retryAfter] of cases) {
    log.answer = answer
    const response = await send(url, EVENT)
    t.equal(response.status, status, answer)
    t.equal(response.headers.get('retry-after'), retryAfter, answer)
  }
})

t.test('With keys the tenant is that of the key, and nothing in the body says otherwise', async t => {
  const { url, records, accepted } = await start(t, { tenants: tenants({ name: 'acme' }, { name: 'gone', disabled: true }) })
  const nobody = await send(url, EVENT)
  t.equal(nobody.status, 401)
  t.equal(nobody.headers.get('www-authenticate'), 'Bearer')
  t.equal((await send(url, EVENT, keyed('guess'))).status, 401)
  t.equal((await send(url, EVENT, keyed('gone'))).status, 403)
  t.equal((await send(url, { ...EVENT, tenant: 'other' }, keyed('acme'))).status, 400)
  t.strictSame(records(), [])
  t.equal((await send(url, EVENT, keyed('acme'))).status, 202)
  t.match(JSON.parse(String(records()[0]?.value)), { tenant: 'acme' })
  t.strictSame(accepted, [['acme', 1]])
})

t.test('A tenant has limits of its own: others go on', async t => {
  const { url } = await start(t, { tenants: tenants({ name: 'acme', eventsPerSecond: 1 }, { name: 'small', maxEventBytes: 200 }) })
  t.equal((await send(url, [EVENT, EVENT, EVENT], keyed('acme'))).status, 202)
  const refused = await send(url, EVENT, keyed('acme'))
  t.equal(refused.status, 429)
  t.ok(Number(refused.headers.get('retry-after')) >= 1)
  t.equal((await send(url, EVENT, keyed('small'))).status, 202)
  const large = await send(url, [EVENT, { ...EVENT, payload: 'x'.repeat(100) }], keyed('small'))
  t.equal(large.status, 413)
  t.match(await large.json(), { errors: [{ index: 1, code: 'TOO_LARGE', detail: 'at most 200 bytes' }] })
})

t.test('Without keys a name that is not this machine\'s own is refused, as a page in a browser might use one', async t => {
  const { port } = await start(t)
  for (const [host, status] of [['localhost:8080', 202], ['127.0.0.1', 202], ['[::1]:1', 202], ['evil.example', 403], ['localhost.evil.example', 403]] as const) {
    const body = JSON.stringify(EVENT)
    const answer = await raw(t, port, `PUT /events HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`)
    t.match(answer, new RegExp(`^HTTP/1.1 ${status} `), host)
  }
})

t.test('Other paths are 404, other methods 405, and the interface is described', async t => {
  const { url } = await start(t)
  t.equal((await fetch(`${url}/event`)).status, 404)
  const get = await fetch(`${url}/events`)
  t.equal(get.status, 405)
  t.equal(get.headers.get('allow'), 'PUT, POST')
  const document = await (await fetch(`${url}/openapi.json`)).json() as { openapi: string, paths: Record<string, Record<string, { responses: object }>> }
  t.equal(document.openapi, '3.1.0')
  t.strictSame(Object.keys(document.paths['/events']?.put?.responses ?? {}), ['202', '400', '403', '408', '413', '415', '503'])
})

t.test('A mistake of this process is 500, without a word about it', async t => {
  const { url, failures, log } = await start(t)
  log.fails = new Error('the inner secret')
  const response = await send(url, EVENT)
  t.equal(response.status, 500)
  t.notMatch(await response.text(), /secret|stack|at /)
  t.strictSame(failures, [log.fails])
})

t.test('A client that does not send its request in time is cut with 408, in the head and in the body', async t => {
  const { port, url } = await start(t, { requestTimeoutMs: 200 })
  t.match(await raw(t, port, 'PUT /events HTTP/1.1\r\nhost: localhost\r\n'), /^HTTP\/1.1 408 /)
  t.match(await raw(t, port, 'PUT /events HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 10\r\n\r\n{'), /^HTTP\/1.1 408 /)
  t.equal((await send(url, EVENT)).status, 202, 'others are served')
})

t.test('More connections than allowed are not accepted', async t => {
  const { port } = await start(t, { maxConnections: 1 })
  const first = connect(port, '127.0.0.1')
  t.teardown(() => { first.destroy() })
  await new Promise(resolve => { first.once('connect', resolve) })
  t.equal(await raw(t, port, 'GET /openapi.json HTTP/1.1\r\nhost: localhost\r\n\r\n'), '', 'closed without an answer')
})

t.test('Closing answers what was begun and takes no more; what does not end is cut', async t => {
  const { url, server, log, calls } = await start(t)
  const held = log.hold()
  const begun = send(url, EVENT)
  await until(() => calls.length === 1)
  const closing = server.close(10_000)
  await t.rejects(fetch(`${url}/openapi.json`), 'nothing listens any more')
  held.release()
  t.equal((await begun).status, 202)
  t.equal((await begun).headers.get('connection'), 'close')
  await closing

  const stuck = await start(t)
  stuck.log.hold()
  const cut = t.rejects(send(stuck.url, EVENT))
  await until(() => stuck.calls.length === 1)
  await stuck.server.close(50)
  await cut
})

t.test('Every answer is counted once, with its status and how long it took', async t => {
  const answers: Array<[status: number, durationMs: number]> = []
  const observer = { answered: (status: number, durationMs: number) => { answers.push([status, durationMs]) }, accepted: () => {}, failed: () => {} }
  const clock = new ManualClock()
  const { url, log, calls } = await start(t, { observer, clock })
  const held = log.hold()
  const accepted = send(url, EVENT)
  await until(() => calls.length === 1)
  clock.advance(50)
  held.release()
  await accepted
  await send(url, 'no JSON')
  await fetch(`${url}/elsewhere`)
  await fetch(`${url}/openapi.json`)
  t.strictSame(answers, [[202, 50], [400, 0], [404, 0], [200, 0]])
})

t.test('A port that is taken is a mistake of the operator, with the remedy', async t => {
  const { port } = await start(t)
  await t.rejects(start(t, { port }), UsageError)
  await t.rejects(start(t, { port }), { message: new RegExp(`port ${port} of 127.0.0.1 is taken.*INGEST_PORT=`) })
  await t.rejects(start(t, { host: '192.0.2.1' }), { message: /INGEST_HOST/ })
})

async function start (t: Test, options: Partial<IngestOptions> = {}) {
  const log = new FakeLog()
  const accepted: Array<[string, number]> = []
  const failures: unknown[] = []
  const server: IngestServer = await startIngestServer({
    host: '127.0.0.1',
    port: 0,
    topic: 'event-log',
    log,
    tenants: new Tenants([], systemClock),
    maxBodyBytes: 100_000,
    maxBatchEvents: 10,
    maxConnections: 100,
    requestTimeoutMs: 10_000,
    clock: systemClock,
    observer: {
      answered: () => {},
      accepted: (tenant, events) => { accepted.push([tenant, events]) },
      failed: error => { failures.push(error) }
    },
    ...options
  })
  t.teardown(async () => { await server.close(0) })
  return { server, url: server.url, port: server.port, log, calls: log.calls, records: () => log.calls.flat(), accepted, failures }
}

async function send (url: string, body: unknown, init: RequestInit = {}): Promise<Response> {
  return await fetch(`${url}/events`, {
    method: 'PUT',
    ...init,
    headers: { 'content-type': 'application/json', ...init.headers },
    body: typeof body === 'string' ? body : JSON.stringify(body)
  })
}

function tenants (...settings: Array<Partial<IngestTenant> & { name: string }>): Tenants {
  return new Tenants(settings.map(each => ({
    keyHashes: [createHash('sha256').update(`${KEY}-${each.name}`).digest('hex')], disabled: false, eventsPerSecond: undefined, maxEventBytes: undefined, ...each
  })), systemClock)
}

function keyed (tenant: string): RequestInit {
  return { headers: { authorization: `Bearer ${KEY}-${tenant}` } }
}

/** Everything that comes back until the server closes the connection. */
async function raw (t: Test, port: number, text: string): Promise<string> {
  const socket: Socket = connect(port, '127.0.0.1')
  t.teardown(() => { socket.destroy() })
  let answer = ''
  socket.setEncoding('utf8').on('data', chunk => { answer += String(chunk) }).on('error', () => {})
  socket.write(text)
  await new Promise(resolve => { socket.once('close', resolve) })
  return answer
}
