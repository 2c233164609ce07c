import { type Header, type SourceRecord } from '../../../src/engine/record.js'
import { DEAD_LETTER_HEADERS } from '../../../src/connectors/kafka/dead-letter-stage.js'
import { type LedgerEntry } from '../../../src/generator/ledger.js'
import { sha256 } from '../../../src/proof/digest.js'
import { type Difference, Differences } from '../../../src/proof/differences.js'
import { type QueueMessage } from '../../../src/proof/check-messages.js'
import { expectEvent, type ProducedRecord } from '../../../src/proof/expected-event.js'
import { LedgerMatch } from '../../../src/proof/produced.js'

export const TOPIC = 'stream_producer'

export interface Planned {
  readonly uid: string
  readonly client?: string
  readonly partition?: number
  readonly offset: number
  readonly expected?: LedgerEntry['expected']
  /** Default: an event of the five properties. */
  readonly value?: string | null
  readonly key?: string | null
  readonly headers?: readonly Header[]
}

export function eventText (uid: string, client = 'Client_A', more = ''): string {
  return `{"uid":"${uid}","context":"monitoramento","event_type":"INSERT","client":"${client}","created_at":"2024-09-10T04:17:09.0247241-03:00"${more}}`
}

/** A record of the topic and what the ledger says of it. */
export function plan ({ uid, client = 'Client_A', partition = 0, offset, expected = 'valid', value = eventText(uid, client), key = null, headers = [] }: Planned): { record: SourceRecord, entry: LedgerEntry } {
  const bytes = value === null ? null : Buffer.from(value)
  return {
    record: { topic: TOPIC, partition, offset, key: key === null ? null : Buffer.from(key), value: bytes, headers, timestamp: 1_000 + offset },
    entry: { index: offset, uid, client, kind: 'test', expected, sha256: sha256(bytes), bytes: bytes?.length ?? 0, place: { topic: TOPIC, partition, offset } }
  }
}

/** All of them produced and found in the topic. */
export function produce (...planned: Planned[]): ProducedRecord[] {
  const both = planned.map(plan)
  const match = new LedgerMatch(both.map(({ entry }) => entry), new Differences(), false, expectEvent)
  for (const { record } of both) match.see(record)
  return match.produced
}

export function message (body: string, sequence: number, id = `m${sequence}`): QueueMessage {
  return { id, body, sequence: String(sequence), sentAtMs: 2_000 + sequence }
}

export function deadLetter ({ record }: { record: SourceRecord }, reason: string, changes: Partial<SourceRecord> = {}): SourceRecord {
  const own = {
    [DEAD_LETTER_HEADERS.reason]: reason,
    [DEAD_LETTER_HEADERS.topic]: record.topic,
    [DEAD_LETTER_HEADERS.partition]: String(record.partition),
    [DEAD_LETTER_HEADERS.offset]: String(record.offset)
  }
  return {
    ...record,
    topic: `${TOPIC}.dead-letters`,
    headers: [...record.headers, ...Object.entries(own).map(([name, value]): Header => [name, Buffer.from(value)])],
    ...changes
  }
}

export function kinds (differences: Differences): Record<string, number> {
  return Object.fromEntries(differences.list().map(({ kind, count }: Difference) => [kind, count]))
}
