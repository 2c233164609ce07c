import { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { isLoopback } from '../service/config/loopback.js'
import { type Appended, type LogRecord } from './event-log.js'
import { eventId, isIdempotencyKey } from './event-id.js'
import { toEventRecord } from './event-log-record.js'
import { type IncomingEvent } from './event-schema.js'
import { type IngestOptions } from './ingest-server.js'
import { type Problem, sendProblem } from './problem.js'
import { type Body, readEvents } from './read-events.js'
import { type Tenant } from './tenants.js'

type RouteOptions = Pick<IngestOptions, 'topic' | 'log' | 'tenants' | 'maxBatchEvents' | 'clock' | 'observer'>

const JSON_TYPE = 'application/json; charset=utf-8'
const METHODS = ['PUT', 'POST']
const OTHER_METHODS = ['GET', 'HEAD', 'DELETE', 'PATCH', 'OPTIONS']

/** `PUT` and `POST /events`: whoever may not send is refused before a body is read. */
export function addEventsRoute (app: FastifyInstance, options: RouteOptions): void {
  const route = new EventsRoute(options)
  app.decorateRequest('tenant', null)
  app.route({
    method: METHODS,
    url: '/events',
    // Not async: a promise fewer for each request.
    onRequest: (request, reply, done) => {
      const admitted = route.admit(request)
      if ('status' in admitted) {
        sendProblem(reply, admitted)
        return
      }
      request.tenant = admitted
      done()
    },
    handler: (request, reply) => { route.accept(request, reply) }
  })
  app.route({
    method: OTHER_METHODS,
    url: '/events',
    handler: async (_request, reply) => await sendProblem(reply, { status: 405, detail: 'PUT or POST', headers: { allow: METHODS.join(', ') } })
  })
}

declare module 'fastify' {
  interface FastifyRequest {
    tenant: Tenant | null
  }
}

class EventsRoute {
  readonly #options: RouteOptions
  #now = { at: NaN, text: '' }

  constructor (options: RouteOptions) {
    this.#options = options
  }

  admit ({ headers }: FastifyRequest): Tenant | Problem {
    const { tenants } = this.#options
    // Any name can be made to resolve to this machine: a page in a browser must not speak through it.
    if (!tenants.needKeys && !isLoopback((headers.host ?? '').toLowerCase())) return { status: 403, detail: 'without API keys only this machine may send, by its own name' }
    const tenant = tenants.of(headers.authorization)
    if (tenant === undefined) return { status: 401, detail: 'no known API key; send Authorization: Bearer <key>', headers: { 'www-authenticate': 'Bearer' } }
    if (tenant.disabled) return { status: 403, detail: 'this API key may not be used' }
    const waitMs = tenant.rate?.waitMs ?? 0
    if (waitMs > 0) return { status: 429, detail: 'too many events', retryAfterMs: waitMs }
    if (headers['content-encoding'] !== undefined && headers['content-encoding'] !== 'identity') return { status: 415, detail: 'encoded bodies are not read' }
    return tenant
  }

  /** Neither async nor with a promise on its way: what a request keeps until Kafka answers, each collection copies. */
  accept (request: FastifyRequest, reply: FastifyReply): void {
    const { log, observer } = this.#options
    const tenant = request.tenant as Tenant // set before the body was read
    const read = this.#read(request, tenant)
    if ('status' in read) {
      sendProblem(reply, read)
      return
    }
    const { records, answer } = read
    tenant.rate?.pay(records.length)
    log.append(records, appended => {
      if (appended !== 'appended') {
        sendProblem(reply, REFUSALS[appended])
        return
      }
      observer.accepted(tenant.name, records.length)
      reply.code(202).header('content-type', JSON_TYPE).send(answer)
    })
  }

  /** What a request asks to be kept, and how it is answered once it is. */
  #read ({ body, headers }: FastifyRequest, tenant: Tenant): { readonly records: readonly LogRecord[], readonly answer: string } | Problem {
    const key = headers['idempotency-key']
    if (key !== undefined && !isIdempotencyKey(String(key))) return { status: 400, detail: 'Idempotency-Key: 1 to 255 visible ASCII characters' }
    if (body === undefined) return { status: 415, detail: 'send application/json or application/x-ndjson' }
    const read = readEvents(body as Body, this.#options.maxBatchEvents)
    if ('flaws' in read) return { status: 400, detail: 'not an event, or not events', errors: read.flaws }
    const ids = read.events.map((_, index) => eventId(tenant.name, key === undefined ? undefined : String(key), index))
    const records = this.#toRecords(read.events, ids, tenant.name)
    const tooLarge = records.findIndex(({ value }) => value.length > (tenant.maxEventBytes ?? Infinity))
    if (tooLarge >= 0) {
      return { status: 413, detail: 'an event is too large', errors: [{ index: tooLarge, code: 'TOO_LARGE', detail: `at most ${tenant.maxEventBytes ?? ''} bytes` }] }
    }
    return { records, answer: JSON.stringify(read.isBatch ? { ids } : { id: ids[0] }) }
  }

  /** Many requests come within a millisecond. */
  #timeText (now: number): string {
    if (now !== this.#now.at) this.#now = { at: now, text: new Date(now).toISOString() }
    return this.#now.text
  }

  #toRecords (events: readonly IncomingEvent[], ids: readonly string[], tenant: string): LogRecord[] {
    const { topic, clock } = this.#options
    const receivedAt = this.#timeText(clock.wallTime())
    return events.map(({ user_id: userId, payload }, index) =>
      toEventRecord(topic, { id: ids[index] as string, tenant, user_id: userId, payload, received_at: receivedAt }))
  }
}

const SOON_MS = 1_000
const LATER_MS = 5_000

const REFUSALS: Readonly<Record<Exclude<Appended, 'appended'>, Problem>> = {
  full: { status: 503, detail: 'too much waits for the log; nothing of this was taken', retryAfterMs: SOON_MS },
  unavailable: { status: 503, detail: 'the log is away; nothing of this was taken', retryAfterMs: LATER_MS },
  unknown: { status: 503, detail: 'the log did not acknowledge it in time; it may be there. Repeat it, with the same Idempotency-Key', retryAfterMs: LATER_MS },
  'too-large': { status: 413, detail: 'the log refuses an event for its size' }
}
