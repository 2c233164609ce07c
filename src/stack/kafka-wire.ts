import { connect } from 'node:net'

export interface BrokerQuestion {
  /** https://kafka.apache.org/protocol#protocol_api_keys */
  readonly apiKey: number
  readonly apiVersion: number
  /** Versions with tagged fields have them in the header too. */
  readonly flexible: boolean
  readonly body: Buffer
}

const CORRELATION_ID = 1
const CLIENT_ID = 'stack'
const LENGTH_BYTES = 4
const CORRELATION_BYTES = 4

/** Asks a broker one thing, over a connection of its own. Resolves with the answer's body; a header's tags, if any, are part of it. */
export function askBroker (host: string, port: number, question: BrokerQuestion, signal: AbortSignal): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, signal })
    let answer = Buffer.alloc(0)
    socket.once('connect', () => socket.write(encode(question)))
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('the broker closed the connection')))
    socket.on('data', bytes => {
      answer = Buffer.concat([answer, bytes])
      if (answer.length < LENGTH_BYTES || answer.length < LENGTH_BYTES + answer.readInt32BE(0)) return
      resolve(answer.subarray(LENGTH_BYTES + CORRELATION_BYTES))
      socket.destroy()
    })
  })
}

export function text (value: string): Buffer {
  return Buffer.concat([int16(Buffer.byteLength(value)), Buffer.from(value)])
}

/** As flexible versions write it: its length plus one in a single byte, so of at most 126 bytes. */
export function compactText (value: string): Buffer {
  return Buffer.concat([int8(Buffer.byteLength(value) + 1), Buffer.from(value)])
}

export function int8 (value: number): Buffer {
  return Buffer.from([value])
}

export function int16 (value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}

export function int32 (value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

export function int64 (value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(BigInt(value))
  return bytes
}

function encode ({ apiKey, apiVersion, flexible, body }: BrokerQuestion): Buffer {
  const header = Buffer.concat([int16(apiKey), int16(apiVersion), int32(CORRELATION_ID), text(CLIENT_ID), ...flexible ? [int8(0)] : []])
  return Buffer.concat([int32(header.length + body.length), header, body])
}
