import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo } from 'node:net'
import { type Health } from './health.js'
import { httpUrl, listenError } from './listening.js'

export interface AdminServerOptions {
  readonly host: string
  /** 0: any free port. */
  readonly port: number
  readonly health: Health
  readonly metrics: { readonly contentType: string, render (): Promise<string> }
}

export interface AdminServer {
  readonly port: number
  readonly url: string
  close (): Promise<void>
}

interface Answer {
  readonly status: number
  readonly type?: string
  readonly body: string
}

const REQUEST_TIMEOUT_MS = 10_000
const MAX_CONNECTIONS = 100
const USUAL_PORT = 9_400

/**
 * `/live` and `/ready` answer 200 or 503, `/metrics` in Prometheus' text format; GET and HEAD only. Anybody who reaches
 * the port may read it, so it names the red checks and not their reasons: those are in the log.
 */
export async function startAdminServer (options: AdminServerOptions): Promise<AdminServer> {
  const server = createServer((request, response) => {
    answer(request, options).then(
      result => send(request, response, result),
      () => send(request, response, { status: 500, body: 'the metrics could not be collected\n' })
    )
  })
  server.requestTimeout = REQUEST_TIMEOUT_MS
  server.headersTimeout = REQUEST_TIMEOUT_MS
  server.maxConnections = MAX_CONNECTIONS
  await listen(server, options.host, options.port)
  const { port } = server.address() as AddressInfo // an object for every server that listens on a port
  return {
    port,
    url: httpUrl(options.host, port),
    close: () => new Promise(resolve => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  }
}

async function answer (request: IncomingMessage, { health, metrics }: AdminServerOptions): Promise<Answer> {
  const path = (request.url ?? '/').split('?')[0]
  const routes: Record<string, () => Answer | Promise<Answer>> = {
    '/live': () => health.live ? { status: 200, body: 'alive\n' } : { status: 503, body: 'dead\n' },
    '/ready': () => health.ready
      ? { status: 200, body: 'ready\n' }
      : { status: 503, body: `not ready: ${health.problems.map(problem => problem.check).join(', ')}\n` },
    '/metrics': async () => ({ status: 200, type: metrics.contentType, body: await metrics.render() })
  }
  const route = Object.hasOwn(routes, path ?? '') ? routes[path ?? ''] : undefined
  if (route === undefined) return { status: 404, body: 'not found; there are /live, /ready and /metrics\n' }
  if (request.method !== 'GET' && request.method !== 'HEAD') return { status: 405, body: 'GET and HEAD only\n' }
  return await route()
}

function send (request: IncomingMessage, response: ServerResponse, { status, type, body }: Answer): void {
  response.writeHead(status, {
    'content-type': type ?? 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    ...(status === 405 ? { allow: 'GET, HEAD' } : {})
  })
  response.end(request.method === 'HEAD' ? undefined : body)
}

function listen (server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, { prefix: 'ADMIN', host, port, usualPort: USUAL_PORT })))
    server.listen(port, host, resolve)
  })
}
