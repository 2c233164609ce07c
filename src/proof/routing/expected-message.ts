import { type SourceRecord } from '../../engine/record.js'
import { type RoutingEntry } from '../../generator/ledger.js'
import { sha256 } from '../digest.js'
import { type Produced } from '../produced.js'
import { readAvro, type SchemasById } from './avro-reader.js'

/*
 * What a valid record must become, written down a second time on purpose: a proof that called the pipeline's own
 * functions would share their mistakes.
 */

/** What the message of a record must be for each of its destinations, by the destination's name in lower case. */
export interface ExpectedMessages {
  readonly messages: ReadonlyMap<string, string>
}

export type ProducedRoute = Produced<RoutingEntry> & ExpectedMessages

/** Where it goes is the ledger's word, what it says its own. */
export function expectMessages (entry: RoutingEntry, { value }: SourceRecord, schemas: SchemasById, processorId: string): ExpectedMessages {
  const messages = new Map<string, string>()
  if (entry.expected !== 'valid') return { messages }
  const record = readAvro(schemas, value)
  for (const name of entry.destinations) {
    if (messages.has(name.toLowerCase())) continue
    messages.set(name.toLowerCase(), messageDigest({
      producer_service_id: record?.origin_service_id,
      processor_service_id: processorId,
      destination_type: name,
      producer_event_timestamp: record?.event_timestamp,
      payload: record?.payload
    }))
  }
  return { messages }
}

/** Of all fields but the time at which it was processed. */
export function messageDigest (fields: Readonly<Record<string, unknown>>): string {
  return sha256(JSON.stringify(FIELDS.map(name => fields[name] ?? null)))
}

const FIELDS = ['producer_service_id', 'processor_service_id', 'destination_type', 'producer_event_timestamp', 'payload']
