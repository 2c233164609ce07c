import { type Dispatcher, Pool } from 'undici'
import { AppError } from '../../errors.js'
import { type Clock } from '../../engine/clock.js'
import { createAddressGuard } from './address-guard.js'
import { createGuardedConnector } from './guarded-connector.js'
import { createNameResolver } from './name-resolver.js'

export interface DestinationClientOptions {
  readonly url: string
  readonly method: 'POST' | 'PUT' | 'PATCH'
  /** Sent with every request. */
  readonly headers: Readonly<Record<string, string>>
  /** Most connections, and so most requests in flight. */
  readonly connections: number
  readonly connectTimeoutMs: number
  /** From the call to the head of the answer, name look-up and connection included. */
  readonly timeoutMs: number
  readonly allowedNetworks: readonly string[]
  /** Name servers to ask, `address:port`; those of the system when absent. */
  readonly nameServers?: readonly string[] | undefined
  /** Certificates of the authorities to trust (PEM); without it those of Node.js. */
  readonly ca?: string | undefined
  readonly clock: Clock
}

/** All that is heard of an answer: its body is read for the connection's sake and thrown away. */
export interface Answer {
  readonly status: number
  readonly retryAfter: string | readonly string[] | undefined
}

/** Of an answer's body; with more, or a slower one, the connection is given up instead of read to its end. */
const MAX_BODY_BYTES = 64 * 1024
const BODY_TIMEOUT_MS = 1_000

/**
 * Sends requests to one destination over connections of its own, that lead into allowed networks only. It follows no
 * redirect, decodes nothing and uses no proxy. The status alone tells how a request ended: what comes after the head of
 * the answer changes nothing.
 */
export class DestinationClient {
  readonly #options: DestinationClientOptions
  readonly #pool: Pool
  readonly #path: string
  readonly #headers: Readonly<Record<string, string>>

  constructor (options: DestinationClientOptions) {
    const { url, headers, connections, timeoutMs, allowedNetworks, nameServers, ca } = options
    const { origin, pathname, search } = new URL(url)
    const connectTimeoutMs = Math.min(options.connectTimeoutMs, timeoutMs)
    this.#options = options
    this.#path = pathname + search
    this.#headers = { ...DEFAULT_HEADERS, ...lowerCased(headers) }
    this.#pool = new Pool(origin, {
      connections,
      connect: createGuardedConnector({
        guard: createAddressGuard(allowedNetworks),
        resolve: createNameResolver({ timeoutMs: connectTimeoutMs, servers: nameServers }),
        timeoutMs: connectTimeoutMs,
        ca
      }),
      // The deadline of the call is the only one.
      headersTimeout: 0,
      bodyTimeout: 0
    })
  }

  /**
   * One request. Rejects with TIMEOUT when no answer begins in time, with ABORTED when `signal` aborts, with
   * FORBIDDEN_ADDRESS when the guard refuses, else with the error of the connection. Never with the body of an answer.
   */
  async send (body: Buffer, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Answer> {
    const { statusCode, headers: { 'retry-after': retryAfter }, body: unread } = await this.#request(body, headers, signal)
    await this.#discard(unread)
    return { status: statusCode, retryAfter }
  }

  /** Ends its connections; requests in flight are rejected. */
  async close (): Promise<void> {
    await this.#pool.destroy()
  }

  /** The pool hears of an abort only once a connection stands, so that giving up is not left to it alone. */
  async #request (body: Buffer, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    const { method, timeoutMs, clock } = this.#options
    const controller = new AbortController()
    let giveUp = (_error: AppError): void => {}
    const givenUp = new Promise<never>((_resolve, reject) => {
      giveUp = error => {
        controller.abort(error)
        reject(error)
      }
    })
    const abort = (): void => { giveUp(new AppError('ABORTED')) }
    const timer = clock.setTimer(() => { giveUp(new AppError('TIMEOUT', `no answer within ${timeoutMs} ms`)) }, timeoutMs)
    signal.addEventListener('abort', abort)
    if (signal.aborted) abort()
    try {
      return await Promise.race([
        givenUp,
        this.#pool.request({ method, path: this.#path, headers: { ...this.#headers, ...headers }, body, signal: controller.signal })
      ])
    } finally {
      timer.clear()
      signal.removeEventListener('abort', abort)
    }
  }

  async #discard (body: Dispatcher.ResponseData['body']): Promise<void> {
    const timer = this.#options.clock.setTimer(() => { body.destroy() }, BODY_TIMEOUT_MS)
    body.on('error', () => {})
    await body.dump({ limit: MAX_BODY_BYTES }).catch(() => {})
    timer.clear()
  }
}

const DEFAULT_HEADERS = { 'content-type': 'application/json', 'user-agent': 'penstock' }

function lowerCased (headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}
