import { type Verdict } from '../../engine/examiner.js'
import { poison } from '../../engine/outcome.js'
import { type SourceRecord } from '../../engine/record.js'
import { parseJson } from '../../validation/parse-json.js'
import { type DeliveryEvent } from './event.js'

/** What the road needs to know of an event; the record's own bytes are what is sent. */
export interface DeliverableEvent {
  readonly id: string
  readonly tenant: string
  /** The user, of one tenant. */
  readonly lane: string
}

/** Judges records of the event log: whatever is not an event of ours is poison. `maxBytes`: of a value. */
export function createExamineEvents (maxBytes: number): (chunk: readonly SourceRecord[]) => Array<Verdict<DeliverableEvent>> {
  const limits = { maxBytes, maxDepth: MAX_DEPTH, maxKeys: MAX_KEYS }
  return chunk => chunk.map(({ value }) => {
    const document = parseJson(value, limits)
    if (document.class === 'poison') return document
    const problem = problemOf(document.parsed)
    if (problem !== undefined) return poison('SCHEMA_VIOLATION', problem)
    const { id, tenant, user_id: userId } = document.parsed as DeliveryEvent
    return { class: 'valid', payload: { id, tenant, lane: `${tenant}\n${userId}` } }
  })
}

/** An event is one object of texts. What else it holds is sent along, and bounded. */
const MAX_DEPTH = 10
const MAX_KEYS = 100
const TEXTS = ['id', 'tenant', 'user_id', 'payload', 'received_at'] as const satisfies ReadonlyArray<keyof DeliveryEvent>
/** It becomes a header, and part of what is signed, where a dot separates. */
const ID = /^[\x21-\x2d\x2f-\x7e]{1,256}$/

function problemOf (parsed: unknown): string | undefined {
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return 'is no object'
  const members = parsed as Readonly<Record<string, unknown>>
  const wrong = TEXTS.find(name => typeof members[name] !== 'string')
  if (wrong !== undefined) return `/${wrong} is no text`
  return ID.test(members.id as string) ? undefined : '/id is not 1 to 256 printable ASCII characters without a dot'
}
