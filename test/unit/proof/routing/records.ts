import avsc from 'avsc'
import { ORIGIN_HEADER } from '../../../../src/connectors/kafka/message-headers.js'
import { type Header, type SourceRecord } from '../../../../src/engine/record.js'
import { ROUTING_SCHEMAS } from '../../../../src/pipelines/routing/routing-schemas.js'
import { encodeFanOut, encodeSingle, framed, type RoutingMessage } from '../../../../src/generator/routing/routing-value.js'
import { Differences } from '../../../../src/proof/differences.js'
import { sha256 } from '../../../../src/proof/digest.js'
import { LedgerMatch } from '../../../../src/proof/produced.js'
import { OutputCheck } from '../../../../src/proof/routing/check-outputs.js'
import { expectMessages, type ProducedRoute } from '../../../../src/proof/routing/expected-message.js'
import { javaPartition } from '../../../../src/proof/routing/java-partition.js'

export const TOPIC = 'producer.to.processor'
export const PARTITIONS = 3
const IDS = { input: 1, fanOutInput: 2, output: 3 }
const OUTPUT = avsc.Type.forSchema(JSON.parse(ROUTING_SCHEMAS.output))
const SCHEMAS = new Map([
  [IDS.input, avsc.Type.forSchema(JSON.parse(ROUTING_SCHEMAS.input))],
  [IDS.fanOutInput, avsc.Type.forSchema(JSON.parse(ROUTING_SCHEMAS.fanOutInput))],
  [IDS.output, OUTPUT]
])
const OUTPUTS = ['FINANCE', 'MARKETING', 'LOGISTICS'].map(name => ({ name, topic: `processor.to.${name.toLowerCase()}`, partitions: PARTITIONS }))
const PROCESSOR = 'event-processor-1'
const TRACE: Header = ['traceparent', Buffer.from('00-1-2-01')]

export interface PlannedRoute {
  readonly offset: number
  readonly destinations: readonly string[]
  readonly key?: string | null
}

/** A valid record as it stands in the source topic. */
export function sourceOf ({ offset, destinations, key = `123456:${destinations[0]}` }: PlannedRoute): SourceRecord {
  const message = messageOf(offset, destinations)
  return {
    topic: TOPIC,
    partition: 0,
    offset,
    timestamp: 1_000_000 + offset,
    key: key === null ? null : Buffer.from(key),
    headers: [TRACE],
    value: destinations.length > 1 ? encodeFanOut(message, IDS) : encodeSingle(message, IDS)
  }
}

/** The message of a record for one destination, as it must be but for the changes. */
export function outputOf (planned: PlannedRoute, name: string, fields: Readonly<Record<string, unknown>> = {}, changes: Partial<SourceRecord> = {}): SourceRecord {
  const source = sourceOf(planned)
  const message = messageOf(planned.offset, planned.destinations)
  return {
    topic: `processor.to.${name.toLowerCase()}`,
    partition: source.key === null ? 0 : javaPartition(source.key, PARTITIONS),
    offset: planned.offset,
    timestamp: source.timestamp + 10,
    key: source.key,
    headers: [TRACE, ...originOf(source)],
    value: framed(IDS.output, OUTPUT.toBuffer({
      producer_service_id: message.originServiceId,
      processor_service_id: PROCESSOR,
      destination_type: name,
      producer_event_timestamp: message.eventTimestamp,
      processor_event_timestamp: source.timestamp + 5,
      payload: message.payload,
      ...fields
    })),
    ...changes
  }
}

export function originOf ({ topic, partition, offset, timestamp }: Pick<SourceRecord, 'topic' | 'partition' | 'offset' | 'timestamp'>): Header[] {
  return [[ORIGIN_HEADER, Buffer.from(`${topic}:${partition}:${offset}:${timestamp}`)]]
}

/** What the check says of these messages: how often each kind of difference, and the check itself. */
export function check (planned: readonly PlannedRoute[], messages: readonly SourceRecord[], tolerate = { repeats: false, inversions: false }): { kinds: Record<string, number>, outputs: OutputCheck } {
  const differences = new Differences()
  const outputs = new OutputCheck(produced(planned), TOPIC, OUTPUTS, SCHEMAS, differences, tolerate)
  for (const message of messages) outputs.see(message)
  outputs.finish()
  return { kinds: Object.fromEntries(differences.list().map(({ kind, count }) => [kind, count])), outputs }
}

function produced (planned: readonly PlannedRoute[]): ProducedRoute[] {
  const records = planned.map(plan => ({ plan, record: sourceOf(plan) }))
  const entries = records.map(({ plan, record }) => ({
    index: plan.offset, kind: 'valid', expected: 'valid' as const, destinations: plan.destinations, sha256: sha256(record.value), bytes: 0, place: { topic: TOPIC, partition: 0, offset: plan.offset }
  }))
  const match = new LedgerMatch(entries, new Differences(), false, (entry, record) => expectMessages(entry, record, SCHEMAS, PROCESSOR))
  for (const { record } of records) match.see(record)
  return match.produced
}

function messageOf (offset: number, destinations: readonly string[]): RoutingMessage {
  return { originServiceId: '123456', originServiceType: 'financial', destinations, eventTimestamp: 900_000 + offset, payload: `payload ${offset}` }
}
