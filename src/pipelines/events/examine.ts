import { type Verdict } from '../../engine/examiner.js'
import { poison, type Poison } from '../../engine/outcome.js'
import { compileSchema } from '../../validation/json-schema.js'
import { parseJson } from '../../validation/parse-json.js'
import { type JsonLimits } from '../../validation/precheck.js'
import { deduplicationId, escapeRefused, needsEscapes, type EventFields } from './event.js'

/** All that the examination of an event depends on; plain data, so that it can be handed to a worker. */
export interface ExamineOptions {
  readonly schema: unknown
  /** Names the schema in messages: its file. */
  readonly schemaSource: string
  readonly limits: JsonLimits
}

/** What an event is made of: the property in the JSON, by the name of the field. */
const PROPERTIES = { uid: 'uid', context: 'context', eventType: 'event_type', client: 'client', createdAt: 'created_at' } as const
const NAMES = Object.values(PROPERTIES)

/**
 * Compiles the examination of one event: a pure function from bytes to fields, or to the reason why they are none.
 * Throws `UsageError` for a schema that can not be honoured.
 */
export function compileExamine (options: ExamineOptions): (value: Buffer | null) => Verdict<EventFields> {
  const check = compileSchema(options.schema, options.schemaSource)
  return value => {
    const json = parseJson(value, options.limits)
    if (json.class === 'poison') return json
    return check(json.parsed) ?? checkFields(json.parsed) ?? { class: 'valid', payload: readFields(json.parsed as Record<string, string>, json.text) }
  }
}

/** What the table and the queues need whatever the schema says, which an operator may have replaced. */
function checkFields (parsed: unknown): Poison | undefined {
  if (typeof parsed !== 'object' || parsed === null) return poison('SCHEMA_VIOLATION', '$: type')
  for (const name of NAMES) {
    const value = (parsed as Record<string, unknown>)[name]
    if (typeof value !== 'string') return poison('SCHEMA_VIOLATION', `$.${name}: type`)
    // Half a surrogate pair is no character: neither system could store it as it came.
    if (LONE_SURROGATE.test(value)) return poison('SCHEMA_VIOLATION', `$.${name}: lone surrogate`)
  }
  return undefined
}

const LONE_SURROGATE = /\p{Surrogate}/u

function readFields (event: Record<string, string>, text: string): EventFields {
  const escapes = needsEscapes(text)
  const uid = event[PROPERTIES.uid]!
  return {
    uid,
    context: event[PROPERTIES.context]!,
    eventType: event[PROPERTIES.eventType]!,
    client: event[PROPERTIES.client]!,
    createdAt: event[PROPERTIES.createdAt]!,
    hasExtras: Object.keys(event).length > NAMES.length,
    needsEscapes: escapes,
    deduplicationId: deduplicationId(uid, escapes ? escapeRefused(text) : text)
  }
}
