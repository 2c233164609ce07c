import { type IncomingHttpHeaders } from 'node:http'
import { type Dispatcher } from 'undici'
import { AppError } from '../../errors.js'
import { type Clock, type Timer } from '../../engine/clock.js'

/** All that is heard of an answer: its body is read for the connection's sake and thrown away. */
export interface Answer {
  readonly status: number
  readonly retryAfter: string | readonly string[] | undefined
}

/** Of an answer's body; with more, or a slower one, the connection is given up instead of read to its end. */
const MAX_BODY_BYTES = 64 * 1024
const BODY_TIMEOUT_MS = 1_000

export interface ExchangeOptions {
  readonly clock: Clock
  /** Until the head of the answer has come. */
  readonly timeoutMs: number
  readonly signal: AbortSignal
  answered (answer: Answer): void
  failed (error: Error): void
}

/**
 * One request and its answer, as the pool tells of them. Ends once: with the answer when its body has come or is given up,
 * or with the error when there is none. It does without a stream for the body and an abort controller of its own: every
 * delivery would pay for them, on the thread that all destinations share.
 *
 * Giving up ends it at once. The pool hears of it as soon as the request has a connection, which it then closes.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly #options: ExchangeOptions
  readonly #giveUpOnAbort = (): void => { this.#giveUp(new AppError('ABORTED')) }
  #timer: Timer
  #controller: Dispatcher.DispatchController | undefined
  #answer: Answer | undefined
  #bodyBytes = 0
  #givenUp: Error | undefined
  #ended = false

  constructor (options: ExchangeOptions) {
    const { clock, timeoutMs, signal } = options
    this.#options = options
    this.#timer = clock.setTimer(() => { this.#giveUp(new AppError('TIMEOUT', `no answer within ${timeoutMs} ms`)) }, timeoutMs)
    signal.addEventListener('abort', this.#giveUpOnAbort)
  }

  onRequestStart (controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#givenUp !== undefined) controller.abort(this.#givenUp)
  }

  onResponseStart (_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200 || this.#ended) return // 1xx: the answer is still to come
    this.#answer = { status, retryAfter: headers['retry-after'] }
    this.#timer.clear()
    this.#timer = this.#options.clock.setTimer(() => { this.#giveUp(new AppError('TIMEOUT')) }, BODY_TIMEOUT_MS)
  }

  onResponseData (_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bodyBytes += chunk.length
    if (this.#bodyBytes > MAX_BODY_BYTES) this.#giveUp(new AppError('ABORTED'))
  }

  onResponseEnd (): void {
    this.#end(undefined)
  }

  onResponseError (_controller: Dispatcher.DispatchController, error: Error): void {
    this.#end(error)
  }

  #giveUp (error: Error): void {
    if (this.#ended) return
    this.#givenUp = error
    this.#end(error)
    this.#controller?.abort(error)
  }

  #end (error: Error | undefined): void {
    if (this.#ended) return
    this.#ended = true
    this.#timer.clear()
    const { signal, answered, failed } = this.#options
    signal.removeEventListener('abort', this.#giveUpOnAbort)
    if (this.#answer !== undefined) answered(this.#answer)
    else failed(error ?? new AppError('CONNECTION', 'the answer has no head'))
  }
}
