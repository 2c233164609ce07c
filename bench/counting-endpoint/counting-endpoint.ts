import { once } from 'node:events'
import { type AddressInfo, createServer as createNetServer, type Server, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { createServer as createTlsServer } from 'node:tls'
import { Random } from '../../src/generator/random.js'
import { type Answer, EMPTY, ok } from '../recording-endpoint/answer.js'
import { EndpointClock } from '../recording-endpoint/endpoint-clock.js'
import { Faults } from '../recording-endpoint/faults.js'
import { type Input, perform } from '../recording-endpoint/operations.js'
import { Recorder } from '../recording-endpoint/recorder.js'
import { countMessages, countRows, countSingleMessage, type Fails } from './counted-calls.js'
import { HttpConnection } from './http-connection.js'
import { type HttpRequest } from './read-request.js'
import { type Certificate } from './self-signed.js'
import { type CountingReport, Tally } from './tally.js'

export interface CountingEndpointOptions {
  /** What each write and send takes. */
  readonly delayMs?: number
  /** Of the rows and entries of batch calls this share fails, 0 to 1, by a fixed seed. */
  readonly failShare?: number
  /** Over TLS, with this certificate. */
  readonly certificate?: Certificate | undefined
}

export interface CountingEndpoint {
  readonly url: string
  /** The same without TLS, for whoever asks and does not know the certificate. */
  readonly plainUrl: string
  report (full?: boolean): CountingReport
  close (): Promise<void>
}

type Count = (tally: Tally, body: Buffer, fails: Fails) => Answer

const COUNTED: ReadonlyMap<string, Count> = new Map([
  ['BatchWriteItem', countRows],
  ['PutItem', countRows],
  ['SendMessageBatch', countMessages],
  ['SendMessage', countSingleMessage]
])

/**
 * DynamoDB and SQS for load: takes everything, keeps nothing but counts, and costs as little as can be, since it shares
 * the machine with what is measured. What a service must refuse, and what it remembers, is the recording endpoint's.
 * `GET /__report` tells what it has taken (`?full`: with arrivals), `POST /__restart` forgets it.
 */
export async function startCountingEndpoint ({ delayMs = 0, failShare = 0, certificate }: CountingEndpointOptions = {}): Promise<CountingEndpoint> {
  const sockets = new Set<Socket>()
  const endpoint = new Endpoint(delayMs, failShare)
  const accept = (socket: Socket): void => {
    sockets.add(socket)
    socket.once('close', () => { sockets.delete(socket) })
    // eslint-disable-next-line no-new -- it lives by its socket's events
    new HttpConnection(socket, request => endpoint.handle(request))
  }
  const plain = createNetServer(accept)
  const servers: Server[] = [plain]
  const plainUrl = `http://127.0.0.1:${await listen(plain)}`
  endpoint.origin = plainUrl
  if (certificate !== undefined) {
    const secure = createTlsServer({ cert: certificate.certificate, key: certificate.key }, accept)
    secure.on('tlsClientError', () => {})
    servers.push(secure)
    endpoint.origin = `https://127.0.0.1:${await listen(secure)}`
  }
  return {
    url: endpoint.origin,
    plainUrl,
    report: (full = false) => endpoint.tally.report(full),
    async close () {
      for (const socket of sockets) socket.destroy()
      for (const server of servers) server.close()
      await Promise.all(servers.map(async server => { await once(server, 'close') }))
    }
  }
}

/** On a free port, which it resolves with. */
async function listen (server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

class Endpoint {
  origin = ''
  tally = new Tally()
  readonly #delayMs: number
  readonly #fails: Fails
  /** Answers everything that is not counted. */
  readonly #recorder = new Recorder('count', new EndpointClock(), () => [])
  readonly #faults = new Faults()

  constructor (delayMs: number, failShare: number) {
    this.#delayMs = delayMs
    const random = new Random(1, 0)
    this.#fails = failShare === 0 ? () => false : () => random.fraction() < failShare
  }

  handle ({ operation, path, body }: HttpRequest): Answer | Promise<Answer> {
    const count = COUNTED.get(operation)
    if (count === undefined) return operation === '' ? this.#talk(path) : this.#perform(operation, body)
    if (this.#delayMs === 0) return this.#count(count, operation, body)
    return wait(this.#delayMs).then(() => this.#count(count, operation, body))
  }

  #count (count: Count, operation: string, body: Buffer): Answer {
    this.tally.called(operation, body.length)
    return count(this.tally, body, this.#fails)
  }

  #talk (path: string): Answer {
    if (path.startsWith('/__report')) return ok(this.tally.report(path.endsWith('?full')))
    if (path !== '/__restart') return { status: 404, body: '{}' }
    this.tally = new Tally()
    return EMPTY
  }

  #perform (operation: string, body: Buffer): Answer | Promise<Answer> {
    this.tally.called(operation, 0)
    return perform({
      operation,
      input: JSON.parse(body.toString()) as Input,
      recorder: this.#recorder,
      faults: this.#faults.of(operation),
      origin: this.origin,
      signal: NEVER
    })
  }
}

const NEVER = new AbortController().signal
