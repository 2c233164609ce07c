import { isUtf8 } from 'node:buffer'
import { AppError, FAILURES, type FailureCode } from '../../errors.js'
import { type UnansweredAt } from '../../engine/doubts.js'
import { type Failure } from '../../engine/flight.js'
import { type Header, type SourceRecord } from '../../engine/record.js'

/** A record and what went wrong with it, as the retry queue keeps them. The bytes come back as they were. */
export interface RetryEnvelope {
  readonly record: SourceRecord
  readonly failure: Failure | undefined
  /** Calls that left it open whether the record was taken, by stage, ms since 1970. */
  readonly unansweredAt?: UnansweredAt | undefined
}

/** Text where the bytes are UTF-8, for people who look into the queue; else base64. */
type WireBytes = string | { readonly base64: string } | null

interface WireEnvelope {
  readonly v: 1
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly timestamp: number
  readonly key: WireBytes
  readonly headers: ReadonlyArray<readonly [name: string, value: WireBytes]>
  readonly value: WireBytes
  readonly failure?: { readonly stage: string, readonly code: string, readonly detail: string, readonly firstAt: number, readonly lastAt: number }
  readonly unansweredAt?: UnansweredAt
}

export function encodeEnvelope ({ record, failure, unansweredAt }: RetryEnvelope): string {
  const wire: WireEnvelope = {
    v: 1,
    topic: record.topic,
    partition: record.partition,
    offset: record.offset,
    timestamp: record.timestamp,
    key: toWire(record.key),
    headers: record.headers.map(([name, value]) => [name, toWire(value)]),
    value: toWire(record.value),
    ...(failure === undefined ? {} : { failure }),
    ...(unansweredAt === undefined ? {} : { unansweredAt })
  }
  // JSON escapes control characters and lone surrogates by itself; these two it leaves, and SQS refuses them.
  return JSON.stringify(wire).replace(/[\uFFFE\uFFFF]/g, character => `\\u${character.charCodeAt(0).toString(16)}`)
}

/** Throws an `AppError` with what is wrong with the message; it never holds a value. */
export function decodeEnvelope (body: string): RetryEnvelope {
  const wire = parse(body)
  if (wire?.v !== 1) throw new AppError('UNKNOWN', 'not an envelope of version 1')
  const { topic, partition, offset, timestamp, headers, failure, unansweredAt } = wire
  if (typeof topic !== 'string' || !Number.isSafeInteger(partition) || !Number.isSafeInteger(offset) || !Number.isFinite(timestamp) || !Array.isArray(headers)) {
    throw new AppError('UNKNOWN', 'an envelope without topic, partition, offset, timestamp or headers')
  }
  return {
    record: {
      topic,
      partition: Number(partition),
      offset: Number(offset),
      timestamp: Number(timestamp),
      key: fromWire(wire.key),
      headers: headers.map((header: unknown) => headerOf(header)),
      value: fromWire(wire.value)
    },
    failure: failureOf(failure),
    ...(unansweredAt === undefined ? {} : { unansweredAt: timesOf(unansweredAt) })
  }
}

function toWire (bytes: Buffer | null): WireBytes {
  if (bytes === null) return null
  return isUtf8(bytes) ? bytes.toString('utf8') : { base64: bytes.toString('base64') }
}

function fromWire (wire: unknown): Buffer | null {
  if (wire === null) return null
  if (typeof wire === 'string') return Buffer.from(wire, 'utf8')
  if (typeof wire === 'object' && 'base64' in wire && typeof wire.base64 === 'string') return Buffer.from(wire.base64, 'base64')
  throw new AppError('UNKNOWN', 'an envelope with bytes of no known form')
}

function headerOf (wire: unknown): Header {
  if (!Array.isArray(wire) || typeof wire[0] !== 'string') throw new AppError('UNKNOWN', 'an envelope with a header without a name')
  return [wire[0], fromWire(wire[1] ?? null)]
}

function failureOf (wire: unknown): Failure | undefined {
  if (typeof wire !== 'object' || wire === null) return undefined
  const { stage, code, detail, firstAt, lastAt } = wire as Readonly<Record<string, unknown>>
  return {
    stage: String(stage),
    code: typeof code === 'string' && Object.hasOwn(FAILURES, code) ? code as FailureCode : 'UNKNOWN',
    detail: String(detail),
    firstAt: Number(firstAt),
    lastAt: Number(lastAt)
  }
}

function timesOf (wire: unknown): UnansweredAt | undefined {
  if (typeof wire !== 'object' || wire === null) return undefined
  return Object.fromEntries(Object.entries(wire).filter(([, at]) => Number.isFinite(at)))
}

function parse (body: string): { readonly [name in keyof WireEnvelope]?: unknown } | undefined {
  let wire: unknown
  try {
    wire = JSON.parse(body)
  } catch (cause) {
    // Without the cause: its message quotes the text.
    throw new AppError('UNKNOWN', cause instanceof SyntaxError ? 'not JSON' : 'not readable')
  }
  return typeof wire === 'object' && wire !== null ? wire : undefined
}
