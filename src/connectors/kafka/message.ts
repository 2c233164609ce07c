import { type Message } from 'node-rdkafka'
import { type Header, type SourceRecord } from '../../engine/record.js'

const NO_HEADERS: readonly Header[] = []

export function toSourceRecord (message: Message, topic = message.topic): SourceRecord {
  return {
    topic,
    partition: message.partition,
    offset: message.offset,
    key: toBuffer(message.key),
    value: message.value,
    headers: toHeaders(message.headers),
    timestamp: message.timestamp ?? -1
  }
}

export function toHeaders (headers: Message['headers']): readonly Header[] {
  return headers === undefined
    ? NO_HEADERS
    : headers.flatMap(header => {
      return Object.entries(header).map(([name, value]): Header => [name, toBuffer(value as Buffer | string | null)])
    })
}

function toBuffer (value: Buffer | string | null | undefined): Buffer | null {
  if (value === null || value === undefined) return null
  return typeof value === 'string' ? Buffer.from(value) : value
}
