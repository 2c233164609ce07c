import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

export interface Load {
  readonly seconds: number
  /** Requests in flight, each on a connection of its own. */
  readonly inFlight: number
  /** Events of one request. */
  readonly batch: number
  readonly payloadBytes: number
  readonly users: number
}

export interface Sent {
  /** Those answered with 202. */
  readonly requests: number
  readonly events: number
  readonly seconds: number
  readonly latenciesMs: { at (share: number): number }
}

/**
 * Sends as fast as answers come. Rejects at the first answer other than 202. The requests are written beforehand and of
 * an answer no more is read than its status and its end: an HTTP client takes longer for a request than the endpoint
 * that does nothing, and would be what is measured.
 */
export async function sendLoad (url: string, { seconds, inFlight, batch, payloadBytes, users }: Load): Promise<Sent> {
  const requests = Array.from({ length: users }, (_, user) => requestOf(url, bodyOf(user, batch, payloadBytes, users)))
  const connections = await Promise.all(Array.from({ length: inFlight }, async () => await Connection.open(url)))
  const latencies: number[] = []
  const startedAt = performance.now()
  const endsAt = startedAt + seconds * 1000
  let next = 0
  const sendOn = async (connection: Connection): Promise<void> => {
    await new Promise<void>((resolve, reject) => {
      let sentAt = startedAt
      connection.begin(answer => {
        const now = performance.now()
        if (!isAccepted(answer)) {
          reject(new Error(`after ${Math.round(now - sentAt)} ms: ${answer}`))
          return
        }
        latencies.push(now - sentAt)
        if (now >= endsAt) {
          resolve()
          return
        }
        sentAt = now
        connection.send(requests[next++ % users]!)
      }, reject)
      connection.send(requests[next++ % users]!)
    })
  }
  try {
    await Promise.all(connections.map(sendOn))
  } finally {
    for (const connection of connections) connection.close()
  }
  const elapsedMs = performance.now() - startedAt
  latencies.sort((a, b) => a - b)
  return {
    requests: latencies.length,
    events: latencies.length * batch,
    seconds: elapsedMs / 1000,
    latenciesMs: { at: share => latencies[Math.floor(latencies.length * share)] ?? NaN }
  }
}

const READ_BYTES = 65_536
const HEAD_END = '\r\n\r\n'
const LENGTH = /\r\ncontent-length: (\d+)/i

/** HTTP/1.1 with one request at a time, as bytes. */
class Connection {
  readonly #socket: Socket
  #answered: (answer: string) => void = () => {}
  #answer = ''

  private constructor (url: string) {
    const { hostname: host, port } = new URL(url)
    // One buffer for all reads of a connection, instead of one for each.
    this.#socket = connect({ host, port: Number(port), noDelay: true, onread: { buffer: Buffer.alloc(READ_BYTES), callback: (size, bytes) => this.#read(bytes as Buffer, size) } })
  }

  static async open (url: string): Promise<Connection> {
    const connection = new Connection(url)
    await once(connection.#socket, 'connect')
    return connection
  }

  begin (answered: (answer: string) => void, failed: (error: Error) => void): void {
    this.#answered = answered
    this.#socket.on('error', failed)
    this.#socket.on('close', () => { failed(new Error('the connection was closed')) })
  }

  send (request: Buffer): void {
    this.#socket.write(request)
  }

  close (): void {
    this.#socket.destroy()
  }

  #read (bytes: Buffer, size: number): boolean {
    this.#answer += bytes.toString('latin1', 0, size)
    const head = this.#answer.indexOf(HEAD_END)
    if (head < 0) return true
    const length = Number(LENGTH.exec(this.#answer)?.[1] ?? 0)
    if (this.#answer.length < head + HEAD_END.length + length) return true
    const answer = this.#answer
    this.#answer = ''
    this.#answered(answer)
    return true
  }
}

function isAccepted (answer: string): boolean {
  return answer.startsWith('HTTP/1.1 202 ')
}

function requestOf (url: string, body: Buffer): Buffer {
  const { host, pathname } = new URL(url)
  return Buffer.concat([Buffer.from(`PUT ${pathname} HTTP/1.1\r\nhost: ${host}\r\nconnection: keep-alive\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`), body])
}

function bodyOf (user: number, batch: number, payloadBytes: number, users: number): Buffer {
  const events = Array.from({ length: batch }, (_, at) => ({ user_id: `user_${(user + at) % users}`, payload: 'x'.repeat(payloadBytes) }))
  return Buffer.from(JSON.stringify(batch === 1 ? events[0] : events))
}
