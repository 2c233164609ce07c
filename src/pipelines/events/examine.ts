import { type Verdict } from '../../engine/examiner.js'
import { poison, type Poison } from '../../engine/outcome.js'
import { compileSchema } from '../../validation/json-schema.js'
import { parseJson } from '../../validation/parse-json.js'
import { type JsonLimits } from '../../validation/precheck.js'
import { type Event, EVENT_PROPERTIES } from './event.js'

/** All that the examination of an event depends on; plain data, so that it can be handed to a worker. */
export interface ExamineOptions {
  readonly schema: unknown
  /** Names the schema in messages: its file. */
  readonly schemaSource: string
  readonly limits: JsonLimits
}

/**
 * Compiles the examination of one event: a pure function from bytes to the event, or to the reason why they are none.
 * Throws `UsageError` for a schema that can not be honoured.
 */
export function compileExamine (options: ExamineOptions): (value: Buffer | null) => Verdict<Event> {
  const check = compileSchema(options.schema, options.schemaSource)
  return value => {
    const json = parseJson(value, options.limits)
    if (json.class === 'poison') return json
    return check(json.parsed) ?? checkProperties(json.parsed) ?? { class: 'valid', payload: json.parsed as Event }
  }
}

/** What the table and the queues need whatever the schema says, which an operator may have replaced. */
function checkProperties (parsed: unknown): Poison | undefined {
  if (typeof parsed !== 'object' || parsed === null) return poison('SCHEMA_VIOLATION', '$: type')
  for (const name of EVENT_PROPERTIES) {
    const value = (parsed as Record<string, unknown>)[name]
    if (typeof value !== 'string') return poison('SCHEMA_VIOLATION', `$.${name}: type`)
    // Half a surrogate pair is no character: neither system could store it as it came.
    if (LONE_SURROGATE.test(value)) return poison('SCHEMA_VIOLATION', `$.${name}: lone surrogate`)
  }
  return undefined
}

const LONE_SURROGATE = /\p{Surrogate}/u
