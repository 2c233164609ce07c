import { type Socket } from 'node:net'
import { readRequest, type HttpRequest } from './read-request.js'
import { type Answer } from '../recording-endpoint/answer.js'

/** Answers at once where it can: a promise costs more than the rest of a call. */
export type Handle = (request: HttpRequest) => Answer | Promise<Answer>

/**
 * One connection of an HTTP/1.1 server that serves well-behaved clients on loopback, for a third of what `node:http`
 * costs. Requests are answered one after the other, in order, also when they were sent without waiting for an answer.
 * Not served: `Expect`, trailers, upgrades, closing on request.
 */
export class HttpConnection {
  readonly #socket: Socket
  readonly #handle: Handle
  /** What has come and is not read yet; less than `#needed` bytes, or a request is being answered. */
  #parts: Buffer[] = []
  #bytes = 0
  #needed = 1
  #answering = false

  constructor (socket: Socket, handle: Handle) {
    this.#socket = socket
    this.#handle = handle
    socket.setNoDelay(true)
    socket.on('data', part => { this.#take(part) })
    // A client that resets its connection is no news; `close` follows.
    socket.on('error', () => {})
  }

  #take (part: Buffer): void {
    this.#parts.push(part)
    this.#bytes += part.length
    this.#read()
  }

  #read (): void {
    if (this.#answering || this.#bytes < this.#needed) return
    const bytes = this.#parts.length === 1 ? this.#parts[0] as Buffer : Buffer.concat(this.#parts)
    let at = 0
    this.#needed = 1
    while (!this.#answering && at < bytes.length) {
      const request = readRequest(bytes, at)
      if (typeof request === 'number') {
        this.#needed = request
        break
      }
      at = request.end
      this.#respond(this.#handle(request))
    }
    this.#parts = at < bytes.length ? [bytes.subarray(at)] : []
    this.#bytes = bytes.length - at
  }

  #respond (answer: Answer | Promise<Answer>): void {
    if (!(answer instanceof Promise)) {
      this.#write(answer)
      return
    }
    this.#answering = true
    answer.then(answer => {
      this.#answering = false
      this.#write(answer)
      this.#read()
    }, () => { this.#socket.destroy() })
  }

  #write ({ status, body }: Answer): void {
    if (this.#socket.destroyed) return
    const head = `HTTP/1.1 ${status} ${status === 200 ? 'OK' : 'Refused'}\r\ncontent-type: application/x-amz-json-1.0\r\ndate: ${now()}\r\ncontent-length: `
    // Almost every body is ASCII, whose bytes need not be counted.
    if (ASCII.test(body)) this.#socket.write(`${head}${body.length}\r\n\r\n${body}`, 'latin1')
    else this.#socket.write(`${head}${Buffer.byteLength(body)}\r\n\r\n${body}`)
  }
}

// eslint-disable-next-line no-control-regex -- all of ASCII, controls too
const ASCII = /^[\x00-\x7F]*$/
const SECOND_MS = 1_000

let date = ''
let dateUntilMs = 0

/** As the header `Date` has it; made once a second. */
function now (): string {
  const nowMs = Date.now()
  if (nowMs >= dateUntilMs) {
    date = new Date(nowMs).toUTCString()
    dateUntilMs = nowMs - nowMs % SECOND_MS + SECOND_MS
  }
  return date
}
