import { type IncomingHttpHeaders } from 'node:http'
import { type Dispatcher } from 'undici'
import { connectionError } from './connection-error.js'

export interface HttpAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface Deadlines {
  /** From the call to the first byte of its answer. */
  readonly requestTimeoutMs: number
  /** From the call to the last byte of its answer. */
  readonly callTimeoutMs: number
}

/**
 * One request and its answer. Ends exactly once: with the whole answer, with what broke the connection, with a
 * `TimeoutError` at a deadline, or with an `AbortError` when the signal aborts. The last two destroy the connection.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly #deadlines: Deadlines
  readonly #signal: AbortSignal
  readonly #succeed: (answer: HttpAnswer) => void
  readonly #fail: (error: Error) => void
  #timer: NodeJS.Timeout
  #controller: Dispatcher.DispatchController | undefined
  #late = false
  #ended = false
  #status = 0
  #headers: IncomingHttpHeaders = {}
  #body: Buffer[] = []

  constructor (deadlines: Deadlines, signal: AbortSignal, succeed: (answer: HttpAnswer) => void, fail: (error: Error) => void) {
    this.#deadlines = deadlines
    this.#signal = signal
    this.#succeed = succeed
    this.#fail = fail
    this.#timer = setTimeout(onTimer, deadlines.requestTimeoutMs, this)
    signal.addEventListener('abort', this)
  }

  onRequestStart (controller: Dispatcher.DispatchController): void {
    if (this.#ended) controller.abort(new Error('given up')) // It had waited for a connection.
    else this.#controller = controller
  }

  onResponseStart (_: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200) return // informational
    this.#status = status
    this.#headers = headers
  }

  onResponseData (_: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#body.push(chunk)
  }

  onResponseEnd (): void {
    if (this.#end()) this.#succeed({ status: this.#status, headers: this.#headers, body: textOf(this.#body) })
  }

  onResponseError (_: Dispatcher.DispatchController, error: Error): void {
    if (this.#end()) this.#fail(connectionError(error))
  }

  /** The signal has aborted. */
  handleEvent (): void {
    this.#giveUp('AbortError', 'given up')
  }

  /** One timer serves both deadlines: the second is only set where the answer has begun and not ended by the first. */
  timePassed (): void {
    const { requestTimeoutMs, callTimeoutMs } = this.#deadlines
    if (this.#status === 0) {
      this.#giveUp('TimeoutError', `no answer within ${requestTimeoutMs} ms`)
    } else if (this.#late) {
      this.#giveUp('TimeoutError', `no complete answer within ${callTimeoutMs} ms`)
    } else {
      this.#late = true
      this.#timer = setTimeout(onTimer, callTimeoutMs - requestTimeoutMs, this)
    }
  }

  #giveUp (name: string, message: string): void {
    if (!this.#end()) return
    const error = Object.assign(new Error(message), { name })
    this.#fail(error)
    this.#controller?.abort(error)
  }

  /** False if it has ended before. */
  #end (): boolean {
    if (this.#ended) return false
    this.#ended = true
    clearTimeout(this.#timer)
    this.#signal.removeEventListener('abort', this)
    return true
  }
}

function onTimer (exchange: Exchange): void {
  exchange.timePassed()
}

function textOf (chunks: readonly Buffer[]): string {
  const [first] = chunks
  return chunks.length === 1 && first !== undefined ? first.toString() : Buffer.concat(chunks).toString()
}
