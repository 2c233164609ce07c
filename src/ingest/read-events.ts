import { type Poison } from '../engine/outcome.js'
import { type JsonLimits } from '../validation/precheck.js'
import { compileSchema } from '../validation/json-schema.js'
import { parseJson } from '../validation/parse-json.js'
import { EVENT_SCHEMA, type IncomingEvent } from './event-schema.js'

/** A request body: one JSON text (an event, or an array of events), or one a line. */
export interface Body {
  readonly form: 'json' | 'lines'
  readonly bytes: Buffer
}

/** What is wrong with one event, or with the body as a whole. Never a value. */
export interface Flaw {
  /** Of the event in its batch; absent when it is the body. */
  readonly index?: number
  readonly code: string
  readonly detail: string
}

export type ReadEvents =
  | { readonly events: readonly IncomingEvent[], readonly isBatch: boolean }
  | { readonly flaws: readonly Flaw[] }

/** More are counted, not listed. */
const MAX_FLAWS = 20
/** An array of objects with two texts. The schema refuses what passes; this bounds what is parsed at all. */
const MAX_DEPTH = 8
const MAX_KEYS_PER_EVENT = 16
const LINE_FEED = 0x0A

const check = compileSchema(EVENT_SCHEMA, 'the schema of events')

/** All events of a body, or everything that is wrong with it: a batch is taken whole or not at all. */
export function readEvents ({ form, bytes }: Body, maxEvents: number): ReadEvents {
  const limits: JsonLimits = { maxBytes: Infinity, maxDepth: MAX_DEPTH, maxKeys: maxEvents * MAX_KEYS_PER_EVENT }
  if (form === 'lines') return readLines(bytes, maxEvents, limits)
  const json = parseJson(bytes, limits)
  if (json.class === 'poison') return { flaws: [toFlaw(json)] }
  if (!Array.isArray(json.parsed)) return readAll([json.parsed], false)
  return refusedCount(json.parsed.length, maxEvents) ?? readAll(json.parsed, true)
}

function readLines (bytes: Buffer, maxEvents: number, limits: JsonLimits): ReadEvents {
  const lines = splitLines(bytes, maxEvents + 1)
  const refused = refusedCount(lines.length, maxEvents)
  if (refused !== undefined) return refused
  const flaws: Flaw[] = []
  const values = lines.map((line, index) => {
    const json = parseJson(line, limits)
    if (json.class === 'json') return json.parsed
    flaws.push(toFlaw(json, index))
    return undefined
  })
  return flaws.length > 0 ? { flaws: flaws.slice(0, MAX_FLAWS) } : readAll(values, true)
}

function readAll (values: readonly unknown[], isBatch: boolean): ReadEvents {
  const flaws: Flaw[] = []
  for (let index = 0; index < values.length && flaws.length < MAX_FLAWS; index++) {
    const violation = check(values[index])
    if (violation !== undefined) flaws.push(toFlaw(violation, isBatch ? index : undefined))
  }
  return flaws.length > 0 ? { flaws } : { events: values as IncomingEvent[], isBatch }
}

function refusedCount (count: number, maxEvents: number): ReadEvents | undefined {
  if (count === 0) return { flaws: [{ code: 'EMPTY_BATCH', detail: 'the batch holds no event' }] }
  if (count > maxEvents) return { flaws: [{ code: 'TOO_MANY_EVENTS', detail: `a batch holds at most ${maxEvents} events` }] }
  return undefined
}

/** The lines that are not blank, at most so many. */
function splitLines (bytes: Buffer, most: number): Buffer[] {
  const lines: Buffer[] = []
  for (let start = 0; start < bytes.length && lines.length < most;) {
    const end = bytes.indexOf(LINE_FEED, start)
    const line = bytes.subarray(start, end < 0 ? bytes.length : end)
    if (!isBlank(line)) lines.push(line)
    start = end < 0 ? bytes.length : end + 1
  }
  return lines
}

function isBlank (line: Buffer): boolean {
  return line.every(byte => byte === 0x20 || byte === 0x09 || byte === 0x0D)
}

function toFlaw ({ code, detail }: Poison, index?: number): Flaw {
  return { ...(index === undefined ? {} : { index }), code, detail }
}
