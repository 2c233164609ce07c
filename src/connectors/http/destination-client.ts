import { Pool } from 'undici'
import { AppError } from '../../errors.js'
import { type Clock } from '../../engine/clock.js'
import { createDestinationConnector, type DestinationConnectorOptions } from './destination-connector.js'
import { type Answer, Exchange } from './exchange.js'

export interface DestinationClientOptions extends DestinationConnectorOptions {
  readonly url: string
  readonly method: 'POST' | 'PUT' | 'PATCH'
  /** Sent with every request. */
  readonly headers: Readonly<Record<string, string>>
  /** Most connections, and so most requests in flight. */
  readonly connections: number
  /** From the call to the head of the answer, name look-up and connection included. */
  readonly timeoutMs: number
  readonly clock: Clock
}

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
    const { url, headers, connections } = options
    const { origin, pathname, search } = new URL(url)
    this.#options = options
    this.#path = pathname + search
    this.#headers = { ...DEFAULT_HEADERS, ...lowerCased(headers) }
    this.#pool = new Pool(origin, {
      connections,
      connect: createDestinationConnector(options),
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
    if (signal.aborted) throw new AppError('ABORTED')
    const { method, timeoutMs, clock } = this.#options
    return await new Promise((resolve, reject) => {
      const exchange = new Exchange({ clock, timeoutMs, signal, answered: resolve, failed: reject })
      this.#pool.dispatch({ method, path: this.#path, headers: { ...this.#headers, ...headers }, body }, exchange)
    })
  }

  /** Ends its connections; requests in flight are rejected. */
  async close (): Promise<void> {
    await this.#pool.destroy()
  }
}

const DEFAULT_HEADERS = { 'content-type': 'application/json', 'user-agent': 'penstock' }

function lowerCased (headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}
