import { Pool } from 'undici'
import { callWithin } from '../call-within.js'
import { classifyError } from '../classify-error.js'
import { askTarget, type CallTarget, type LastMiddleware } from './call-target.js'
import { learnClock } from './clock-offset.js'
import { type Deadlines, Exchange, type HttpAnswer } from './exchange.js'
import { RequestSigner } from './request-signer.js'
import { type SdkConfig } from './sdk-config.js'
import { serviceError } from './service-error.js'
import { TargetKeeper } from './target-keeper.js'

export interface SignedCallLimits extends Deadlines {
  /** Most connections; at least the calls that can be in flight, or they wait for each other on their deadlines. */
  readonly connections: number
  readonly connectTimeoutMs: number
}

export interface SignedCallsOptions extends SignedCallLimits {
  readonly config: SdkConfig
  /** Sends a command of the operation, of any content, with this as its last middleware. */
  ask (middleware: LastMiddleware): Promise<unknown>
  /** See `serviceError`. */
  readonly spokeQuery: boolean
}

/** An idle connection is kept for this long unless the service says otherwise. */
const KEEP_ALIVE_MS = 20_000
/** What a date in an answer is cut off by: the clock that is learned from it is never behind that of the service. */
const DATE_RESOLUTION_MS = 1_000
/** Beyond what the largest request can be answered with: all of its items, unprocessed. */
const MAX_ANSWER_BYTES = 20 * 1024 * 1024

/** A target, and what is made of it once for all of its calls. */
interface Route {
  readonly target: CallTarget
  readonly signer: RequestSigner
  readonly pool: Pool
  /** Names and values in turn. */
  readonly headers: readonly string[]
}

/**
 * The calls of one operation, in the protocol AWS JSON, around the SDK: bodies come as bytes, are signed and sent, and
 * nothing is repeated. Everything else (endpoint, credentials, region) is what the SDK's client has resolved.
 */
export class SignedCalls {
  readonly #options: SignedCallsOptions
  readonly #targets: TargetKeeper
  readonly #pools = new Map<string, Pool>()
  #route: Route | undefined

  constructor (options: SignedCallsOptions) {
    this.#options = options
    this.#targets = new TargetKeeper({
      ask: () => askTarget(options.ask),
      renewCredentials: () => options.config.credentials({ forceRefresh: true }),
      now: () => performance.now(),
      serviceTime: () => Date.now() + options.config.systemClockOffset + DATE_RESOLUTION_MS
    })
  }

  /**
   * Resolves with the answer's JSON, which the service is trusted to shape as `Answer`. Rejects with what `classifyError`
   * understands, at the deadlines and on abort too. One promise a call: whoever calls it waits for that very one.
   */
  call<Answer> (body: Buffer, signal: AbortSignal): Promise<Answer> {
    const target = this.#targets.current()
    if (target !== undefined && !signal.aborted) return this.#send<Answer>(this.#routeTo(target), body, signal)
    return callWithin(this.#options.callTimeoutMs, signal, async signal => {
      const fetched = await this.#targets.fetch()
      // Given up meanwhile: it must not leave any more, and nobody hears of it.
      signal.throwIfAborted()
      return await this.#send<Answer>(this.#routeTo(fetched), body, signal)
    })
  }

  /** Breaks off what is under way. */
  destroy (): void {
    for (const pool of this.#pools.values()) void pool.destroy()
  }

  #send<Answer> ({ target, signer, pool, headers }: Route, body: Buffer, signal: AbortSignal): Promise<Answer> {
    const { config, spokeQuery } = this.#options
    const sentAt = Date.now()
    const { date, authorization } = signer.sign(body, sentAt + config.systemClockOffset)
    return new Promise((resolve, reject) => {
      const exchange = new Exchange(this.#options, signal, answer => {
        learnClock(config, answer.headers, sentAt)
        if (answer.status < 300) {
          read<Answer>(answer, resolve, reject)
          return
        }
        const error = serviceError(answer, spokeQuery)
        if (classifyError(error).code === 'CREDENTIALS') this.#targets.refused(target)
        reject(error)
      }, reject)
      pool.dispatch({
        path: target.path,
        method: 'POST',
        headers: [...headers, 'x-amz-date', date, 'authorization', authorization],
        body
      }, exchange)
    })
  }

  #routeTo (target: CallTarget): Route {
    if (this.#route?.target !== target) this.#route = this.#createRoute(target)
    return this.#route
  }

  #createRoute (target: CallTarget): Route {
    const { origin, path, identity, region, service } = target
    const { 'user-agent': userAgent = 'penstock', ...signed } = target.headers
    const token = identity.sessionToken
    return {
      target,
      signer: new RequestSigner({ identity, region, service, request: { method: 'POST', path, query: '', headers: signed } }),
      pool: this.#poolOf(origin),
      headers: [
        ...Object.entries(signed).flat(),
        'user-agent', userAgent,
        ...(token === undefined ? [] : ['x-amz-security-token', token])
      ]
    }
  }

  /** The endpoint may change with the account of the credentials; calls under way to the old one end there. */
  #poolOf (origin: string): Pool {
    const known = this.#pools.get(origin)
    if (known !== undefined) return known
    const { connections, connectTimeoutMs } = this.#options
    const pool = new Pool(origin, {
      connections,
      connect: { timeout: connectTimeoutMs },
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxResponseSize: MAX_ANSWER_BYTES,
      // `Exchange` has deadlines of its own, and finer ones.
      headersTimeout: 0,
      bodyTimeout: 0
    })
    this.#pools.set(origin, pool)
    return pool
  }
}

/** An answer of nothing, or of null, says as much as an empty object, to the SDK too. */
function read<Answer> ({ status, headers, body }: HttpAnswer, resolve: (answer: Answer) => void, reject: (error: Error) => void): void {
  try {
    resolve((body === '' ? {} : JSON.parse(body) ?? {}) as Answer)
  } catch {
    reject(Object.assign(new Error('the answer is not JSON'), { name: 'SyntaxError', $metadata: { httpStatusCode: status }, $response: { headers } }))
  }
}
