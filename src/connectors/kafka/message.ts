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

/** Loops, since each record passes here: `flatMap` and `entries` make an array and a function call for each header. */
export function toHeaders (headers: Message['headers']): readonly Header[] {
  if (headers === undefined) return NO_HEADERS
  const list: Header[] = []
  for (const header of headers) {
    for (const name of Object.keys(header)) list.push([name, toBuffer(header[name])])
  }
  return list
}

function toBuffer (value: Buffer | string | null | undefined): Buffer | null {
  if (value === null || value === undefined) return null
  return typeof value === 'string' ? Buffer.from(value) : value
}
