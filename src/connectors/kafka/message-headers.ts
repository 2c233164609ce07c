import { isUtf8 } from 'node:buffer'
import { type MessageHeader } from 'node-rdkafka'
import { type Header, type SourceRecord } from '../../engine/record.js'

/** Where a message comes from, in headers of its own. */
export const ORIGIN_HEADERS = {
  topic: 'penstock-origin-topic',
  partition: 'penstock-origin-partition',
  offset: 'penstock-origin-offset',
  timestamp: 'penstock-origin-timestamp'
} as const

/** Stands before the name of a header whose value was no text: the value follows in base64. */
export const BASE64_PREFIX = 'penstock-base64-'

/**
 * A record's own headers as the client can send them. It knows text alone, up to a NUL: any other value is sent in
 * base64, under a name that says so, and one without a value (which it would send as `null`) is sent empty.
 */
export function toMessageHeaders (headers: readonly Header[]): MessageHeader[] {
  return headers.map(([name, value]) => value === null || isPlainText(value)
    ? { [name]: value === null ? '' : value.toString() }
    : { [`${BASE64_PREFIX}${name}`]: value.toString('base64') })
}

export function originHeaders ({ topic, partition, offset, timestamp }: SourceRecord): MessageHeader[] {
  return [
    { [ORIGIN_HEADERS.topic]: topic },
    { [ORIGIN_HEADERS.partition]: String(partition) },
    { [ORIGIN_HEADERS.offset]: String(offset) },
    { [ORIGIN_HEADERS.timestamp]: String(timestamp) }
  ]
}

function isPlainText (value: Buffer): boolean {
  return isUtf8(value) && !value.includes(0)
}
