import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { isIPv4 } from 'node:net'

/** Addresses of a name; `silence`: no answer at all, `unknown`: there is no such name, `failure`: the server can not tell. */
export type NameAnswer = readonly string[] | 'silence' | 'unknown' | 'failure'

/** `asked`: how often IPv4 addresses of this name were asked for. */
type AnswerTo = (name: string, asked: number, family: 4 | 6) => NameAnswer

const TYPE_A = 1
const TYPE_AAAA = 28
/** RFC 1035 § 4.1.1 */
const CODES = { failure: 2, unknown: 3 } as const

/** A name server on loopback that answers for every name as a test says, and keeps the names of the questions for IPv4 addresses. */
export class NameServer {
  readonly asked: string[] = []
  readonly #socket: Socket

  private constructor (answerTo: AnswerTo) {
    this.#socket = createSocket('udp4', (question, { port, address }) => {
      const { name, type, end } = questionIn(question)
      if (type === TYPE_A) this.asked.push(name)
      const answer = answerTo(name, this.asked.filter(each => each === name).length, type === TYPE_A ? 4 : 6)
      if (answer !== 'silence') this.#socket.send(answerWith(question.subarray(0, end), type, answer), port, address)
    })
  }

  static async start (answerTo: AnswerTo): Promise<NameServer> {
    const server = new NameServer(answerTo)
    server.#socket.bind(0, '127.0.0.1')
    await once(server.#socket, 'listening')
    return server
  }

  get address (): string {
    return `127.0.0.1:${this.#socket.address().port}`
  }

  close (): void {
    this.#socket.close()
  }
}

/** RFC 1035 § 4.1.2 */
function questionIn (message: Buffer): { name: string, type: number, end: number } {
  const labels: string[] = []
  let at = 12
  for (let length = message[at] ?? 0; length > 0; length = message[at] ?? 0) {
    labels.push(message.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  return { name: labels.join('.').toLowerCase(), type: message.readUInt16BE(at + 1), end: at + 5 }
}

function answerWith (question: Buffer, type: number, answer: Exclude<NameAnswer, 'silence'>): Buffer {
  const addresses = typeof answer === 'string' ? [] : answer.filter(address => isIPv4(address) ? type === TYPE_A : type === TYPE_AAAA)
  const message = Buffer.from(question)
  message.writeUInt16BE(0x8180 + (typeof answer === 'string' ? CODES[answer] : 0), 2)
  message.writeUInt16BE(addresses.length, 6)
  message.writeUInt32BE(0, 8)
  return Buffer.concat([message, ...addresses.map(address => {
    const data = bytesOf(address)
    const record = Buffer.alloc(12)
    record.writeUInt16BE(0xC00C, 0)
    record.writeUInt16BE(type, 2)
    record.writeUInt16BE(1, 4)
    record.writeUInt16BE(data.length, 10)
    return Buffer.concat([record, data])
  })])
}

/** Of IPv6 the addresses that are `::` and one group. */
function bytesOf (address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split('.').map(Number))
  const bytes = Buffer.alloc(16)
  bytes.writeUInt16BE(Number.parseInt(address.slice(2), 16), 14)
  return bytes
}
