import { type Message, type MessageHeader } from 'node-rdkafka'
import { type Header, type SourceRecord } from '../../engine/record.js'

const NO_HEADERS: readonly Header[] = []

export function toSourceRecord (message: Message): SourceRecord {
  return {
    topic: message.topic,
    partition: message.partition,
    offset: message.offset,
    key: toBuffer(message.key),
    value: message.value,
    headers: message.headers === undefined ? NO_HEADERS : message.headers.flatMap(toHeaders),
    timestamp: message.timestamp ?? -1
  }
}

function toHeaders (header: MessageHeader): Header[] {
  return Object.entries(header).map(([name, value]) => [name, toBuffer(value as Buffer | string | null)])
}

function toBuffer (value: Buffer | string | null | undefined): Buffer | null {
  if (value === null || value === undefined) return null
  return typeof value === 'string' ? Buffer.from(value) : value
}
