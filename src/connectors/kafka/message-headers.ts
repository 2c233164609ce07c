import { isUtf8 } from 'node:buffer'
import { type MessageHeader } from 'node-rdkafka'
import { type Header, type SourceRecord } from '../../engine/record.js'
import { partitionNames } from './partition-names.js'

/**
 * Where a message comes from: `topic:partition:offset:timestamp` of its record. One header, since the client takes a
 * microsecond for each: four of them would be a fifth of what a message costs to hand over.
 */
export const ORIGIN_HEADER = 'penstock-origin'

/** Stands before the name of a header whose value was no text: the value follows in base64. */
export const BASE64_PREFIX = 'penstock-base64-'

/**
 * A record's own headers as the client can send them. It knows text alone, up to a NUL: any other value is sent in
 * base64, under a name that says so, and one without a value (which it would send as `null`) is sent empty.
 */
export function toMessageHeaders (headers: readonly Header[]): MessageHeader[] {
  const list: MessageHeader[] = []
  for (const [name, value] of headers) list.push(toMessageHeader(name, value))
  return list
}

function toMessageHeader (name: string, value: Buffer | null): MessageHeader {
  if (value === null) return { [name]: '' }
  const text = value.toString()
  const isWhole = !text.includes('\0') && (!text.includes(REPLACEMENT) || isUtf8(value))
  return isWhole ? { [name]: text } : { [`${BASE64_PREFIX}${name}`]: value.toString('base64') }
}

/** What bytes that are no UTF-8 become in text. */
const REPLACEMENT = '\uFFFD'

/** What such a header says; undefined when it is none. The timestamp is in ms since 1970, -1 when the record has none. */
export function parseOrigin (text: string): Pick<SourceRecord, 'topic' | 'partition' | 'offset' | 'timestamp'> | undefined {
  const [, topic, ...numbers] = /^([\w.-]+):(\d+):(\d+):(-?\d+)$/.exec(text) ?? []
  if (topic === undefined) return undefined
  const [partition = NaN, offset = NaN, timestamp = NaN] = numbers.map(Number)
  return { topic, partition, offset, timestamp }
}

/** A record's own headers, and where it comes from behind them. */
export function headersWithOrigin (record: SourceRecord): MessageHeader[] {
  const list = toMessageHeaders(record.headers)
  list.push({ [ORIGIN_HEADER]: `${nameOf(record)}:${record.offset}:${record.timestamp}` })
  return list
}

const nameOf = partitionNames()
