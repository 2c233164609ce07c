import { type AddressInfo } from 'node:net'
import { fastify, type FastifyError, type FastifyInstance } from 'fastify'
import { type Clock } from '../engine/clock.js'
import { httpUrl, listenError } from '../service/listening.js'
import { type EventLog } from './event-log.js'
import { addEventsRoute } from './events-route.js'
import { openApiDocument } from './openapi.js'
import { sendProblem } from './problem.js'
import { type Body } from './read-events.js'
import { type Tenants } from './tenants.js'

export interface IngestOptions {
  readonly host: string
  /** 0: any free port. */
  readonly port: number
  readonly topic: string
  readonly log: Pick<EventLog, 'append'>
  readonly tenants: Tenants
  readonly maxBodyBytes: number
  readonly maxBatchEvents: number
  readonly maxConnections: number
  /** How long a client may take to send a whole request. */
  readonly requestTimeoutMs: number
  readonly clock: Clock
  readonly observer: IngestObserver
}

/** What happens at the door, for metrics and logs. */
export interface IngestObserver {
  answered (status: number, durationMs: number): void
  accepted (tenant: string, events: number): void
  /** A mistake of this process. */
  failed (error: unknown): void
}

export interface IngestServer {
  readonly port: number
  readonly url: string
  /** Takes no more, and resolves when what was begun is answered; after `graceMs` those that are not are cut. */
  close (graceMs: number): Promise<void>
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Monotonic ms. */
    startedAt: number
  }
}

/** How often connections are looked through for clients that take too long. */
const CHECK_EVERY_MS = 1_000
/** An idle connection: longer than the keep-alive of common load balancers (60 s), so that they close first. */
const KEEP_ALIVE_MS = 65_000
const USUAL_PORT = 8_080

/** Accepts events: `PUT` and `POST /events`, described at `/openapi.json`. */
export async function startIngestServer (options: IngestOptions): Promise<IngestServer> {
  const { host, port, clock } = options
  let isClosing = false
  const app = createApp(options)
  app.decorateRequest('startedAt', 0)
  app.addHook('onRequest', (request, _reply, done) => {
    request.startedAt = clock.now()
    done()
  })
  // Not `onResponse`, for which Fastify listens to each response: that is dearer than all else here.
  app.addHook('onSend', (request, reply, payload, done) => {
    options.observer.answered(reply.statusCode, clock.now() - request.startedAt)
    // A connection that stays open after its last answer would be waited for.
    if (isClosing) reply.header('connection', 'close')
    done(null, payload)
  })
  try {
    await app.listen({ host, port })
  } catch (error) {
    throw listenError(error as NodeJS.ErrnoException, { prefix: 'INGEST', host, port, usualPort: USUAL_PORT })
  }
  const address = app.server.address() as AddressInfo // an object for every server that listens on a port
  return {
    port: address.port,
    url: httpUrl(host, address.port),
    close: async graceMs => {
      isClosing = true
      const timer = clock.setTimer(() => { app.server.closeAllConnections() }, graceMs)
      await app.close()
      timer.clear()
    }
  }
}

function createApp (options: IngestOptions): FastifyInstance {
  const { requestTimeoutMs, maxBodyBytes, maxBatchEvents, maxConnections, tenants, observer } = options
  const app = fastify({
    bodyLimit: maxBodyBytes,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: KEEP_ALIVE_MS,
    forceCloseConnections: 'idle',
    // What comes on a connection that is still open is answered as ever, and is its last.
    return503OnClosing: false,
    exposeHeadRoutes: false,
    http: { connectionsCheckingInterval: Math.min(CHECK_EVERY_MS, requestTimeoutMs) }
  })
  app.server.headersTimeout = requestTimeoutMs
  app.server.maxConnections = maxConnections
  acceptBodies(app)
  app.setNotFoundHandler(async (_request, reply) => await sendProblem(reply, { status: 404, detail: 'there are /events and /openapi.json' }))
  app.setErrorHandler(async (error: FastifyError, _request, reply) => await refuse(error, reply, observer))
  const document = JSON.stringify(openApiDocument({ maxBodyBytes, maxBatchEvents, needKeys: tenants.needKeys }))
  app.get('/openapi.json', async (_request, reply) => await reply.type('application/json').send(document))
  addEventsRoute(app, options)
  return app
}

/** Bodies are read as bytes: what is in them is examined as strictly as a record is. */
function acceptBodies (app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  const accept = (types: string[], form: Body['form']): void => {
    app.addContentTypeParser<Buffer>(types, { parseAs: 'buffer' }, (_request, bytes, done) => { done(null, { form, bytes } satisfies Body) })
  }
  accept(['application/json'], 'json')
  accept(['application/x-ndjson', 'application/ndjson', 'application/jsonl'], 'lines')
}

async function refuse (error: FastifyError, reply: Parameters<typeof sendProblem>[0], observer: IngestObserver): Promise<unknown> {
  const status = error.statusCode ?? 500
  switch (status) {
    case 413: return sendProblem(reply, { status, detail: 'the body is too large' })
    case 415: return sendProblem(reply, { status, detail: 'send application/json or application/x-ndjson' })
    default:
      if (status >= 400 && status < 500) return sendProblem(reply, { status, detail: 'the request is malformed' })
      observer.failed(error)
      return sendProblem(reply, { status: 500, detail: 'the request could not be worked on' })
  }
}
