import { type AttributeValue } from '@aws-sdk/client-dynamodb'
import { type SourceRecord } from '../engine/record.js'
import { type LedgerEntry } from '../generator/ledger.js'
import { sha256 } from './digest.js'
import { type Produced } from './produced.js'

/*
 * What a valid event must become, written down a second time on purpose: a proof that called the pipeline's own
 * functions would share their mistakes.
 */

export type RowAttributes = Readonly<Record<string, AttributeValue>>

/** What the row and the message of an event must be; of valid ones only. */
export interface ExpectedEvent {
  readonly rowDigest: string | undefined
  readonly bodySha256: string | undefined
}

export type ProducedRecord = Produced<LedgerEntry> & ExpectedEvent

const OWN_PROPERTIES = 5

export function expectEvent ({ expected }: LedgerEntry, { value, partition, offset }: SourceRecord): ExpectedEvent {
  const text = expected === 'valid' && value !== null ? value.toString() : undefined
  return {
    rowDigest: text === undefined ? undefined : rowDigest(expectedRow(text, partition, offset)),
    bodySha256: text === undefined ? undefined : sha256(expectedBody(text))
  }
}

export function expectedRow (text: string, partition: number, offset: number): RowAttributes {
  const event = JSON.parse(text) as Record<string, string>
  return {
    UUID: { S: event.uid ?? '' },
    Context: { S: event.context ?? '' },
    EventType: { S: event.event_type ?? '' },
    Client: { S: event.client ?? '' },
    CreatedAt: { S: event.created_at ?? '' },
    SourcePartition: { N: String(partition) },
    SourceOffset: { N: String(offset) },
    ...(Object.keys(event).length > OWN_PROPERTIES ? { Event: { S: text } } : {})
  }
}

/** Names, types and values, in any order. */
export function rowDigest (attributes: RowAttributes): string {
  return sha256(JSON.stringify(Object.entries(attributes).sort(([a], [b]) => a < b ? -1 : 1)))
}

/**
 * The text itself; U+FFFE, U+FFFF, control characters (which JSON forbids in text anyway) and lone surrogates, which a
 * queue refuses, as escapes. https://www.w3.org/TR/REC-xml/#charsets
 */
export function expectedBody (text: string): string {
  let body = ''
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0
    const isTaken = code === 0x9 || code === 0xA || code === 0xD || (code >= 0x20 && code <= 0xD7FF) || (code >= 0xE000 && code <= 0xFFFD) || code >= 0x10000
    body += isTaken ? character : `\\u${code.toString(16).padStart(4, '0')}`
  }
  return body
}
