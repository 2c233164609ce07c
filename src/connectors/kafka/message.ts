import { type Message, type MessageHeader } from 'node-rdkafka'
import { type Header, type SourceRecord } from '../../engine/record.js'

const NO_HEADERS: readonly Header[] = []

/** The records of a poll. They share the name of their topic, which the client makes anew for each. */
export function toSourceRecords (messages: readonly Message[]): SourceRecord[] {
  let topic = ''
  return messages.map(message => {
    if (message.topic !== topic) topic = message.topic
    return toSourceRecord(message, topic)
  })
}

export function toSourceRecord (message: Message, topic = message.topic): SourceRecord {
  return {
    topic,
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
