import { once } from 'node:events'
import { Agent, createServer, request as send, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo } from 'node:net'
import { type TestScope } from '../../helpers/stack.js'

/** What becomes of a call instead of its answer; with `delayMs` alone the answer comes late. */
export type RegistryFault =
  /** The connection breaks. */
  | 'reset'
  /** The call is taken, and never answered. */
  | 'hang'
  | { readonly delayMs: number }
  | { readonly status: number, readonly body: string }

export interface RegistryCall {
  readonly path: string
  /** ms since 1970 */
  readonly at: number
  readonly fault: RegistryFault | undefined
}

/** Stands between the services and a real schema registry. */
export class RegistryProxy {
  /** For `SCHEMA_REGISTRY_URL`. */
  readonly url: string
  readonly calls: RegistryCall[] = []
  /** Every call meets it. */
  fault: RegistryFault | undefined
  readonly #target: URL
  readonly #agent = new Agent({ keepAlive: true })
  readonly #inFlight = new Map<string, number>()
  #mostAtOnce = 0

  private constructor (target: URL, url: string) {
    this.#target = target
    this.url = url
  }

  /** `target`: the registry's URL. Ends with the test. */
  static async start (t: TestScope, target: string): Promise<RegistryProxy> {
    const server = createServer((incoming, response) => { proxy.#pass(incoming, response) })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const targetUrl = new URL(target)
    const proxy = new RegistryProxy(targetUrl, `http://127.0.0.1:${(server.address() as AddressInfo).port}${targetUrl.pathname}`)
    t.teardown(() => {
      server.close()
      server.closeAllConnections()
      proxy.#agent.destroy()
    })
    return proxy
  }

  /** Look-ups of an id. */
  lookUps (id: number): RegistryCall[] {
    return this.calls.filter(({ path }) => path.endsWith(`/schemas/ids/${id}`))
  }

  /** The most calls with one path that were under way at the same time, ever. */
  get mostAtOnce (): number {
    return this.#mostAtOnce
  }

  #pass (incoming: IncomingMessage, response: ServerResponse): void {
    const path = incoming.url ?? '/'
    const { fault } = this
    this.calls.push({ path, at: Date.now(), fault })
    this.#count(path, response)
    if (fault === 'reset') incoming.socket.resetAndDestroy()
    else if (fault === 'hang') incoming.resume()
    else if (fault !== undefined && 'status' in fault) response.writeHead(fault.status, { 'content-type': 'text/html' }).end(fault.body)
    else if (fault === undefined) this.#forward(incoming, response)
    else setTimeout(() => { this.#forward(incoming, response) }, fault.delayMs)
  }

  #count (path: string, response: ServerResponse): void {
    const now = (this.#inFlight.get(path) ?? 0) + 1
    this.#inFlight.set(path, now)
    this.#mostAtOnce = Math.max(this.#mostAtOnce, now)
    response.once('close', () => { this.#inFlight.set(path, (this.#inFlight.get(path) ?? 1) - 1) })
  }

  #forward (incoming: IncomingMessage, response: ServerResponse): void {
    const { hostname, port } = this.#target
    const { method = 'GET', headers, url = '/' } = incoming
    const outgoing = send({ hostname, port, method, path: url, headers, agent: this.#agent }, answer => {
      response.writeHead(answer.statusCode ?? 500, answer.headers)
      answer.pipe(response)
    })
    outgoing.on('error', () => { response.destroy() })
    incoming.pipe(outgoing)
  }
}
