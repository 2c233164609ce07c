import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type RequestListener, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'

export interface ReceivedRequest {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  /** Monotonic ms, when it had come in. */
  readonly at: number
}

/** A status, or whatever a test does with the response. */
export type Behaviour = (request: ReceivedRequest, count: number) => number | ((response: ServerResponse) => void)

/** A destination on loopback that behaves as a test says, and keeps what it received. */
export class DestinationServer {
  readonly received: ReceivedRequest[] = []
  behaviour: Behaviour
  connections = 0
  readonly #server: Server
  readonly #tls: boolean

  private constructor (behaviour: Behaviour, tls?: { readonly key: string, readonly cert: string }) {
    this.behaviour = behaviour
    const listener: RequestListener = (request, response) => {
      void buffer(request).then(body => {
        const received = { method: request.method!, path: request.url!, headers: request.headers, body, at: performance.now() }
        const answer = this.behaviour(received, this.received.push(received))
        if (typeof answer === 'number') response.writeHead(answer).end()
        else answer(response)
      }, () => {})
    }
    this.#tls = tls !== undefined
    this.#server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener)
    this.#server.on('connection', () => { this.connections++ })
  }

  static async start (behaviour: Behaviour = () => 204, tls?: { readonly key: string, readonly cert: string }): Promise<DestinationServer> {
    const server = new DestinationServer(behaviour, tls)
    server.#server.listen(0, '127.0.0.1')
    await once(server.#server, 'listening')
    return server
  }

  get port (): number {
    return (this.#server.address() as AddressInfo).port
  }

  get url (): string {
    return `${this.#tls ? 'https' : 'http'}://127.0.0.1:${this.port}/hook`
  }

  async close (): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }
}
