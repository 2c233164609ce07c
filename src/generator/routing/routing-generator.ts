import { invalidAt } from '../invalid-at.js'
import { Random } from '../random.js'
import { type MadeRecord } from '../record.js'
import { type RoutingKind } from './routing-kinds.js'
import { encodeFanOut, encodeSingle, type RoutingMessage, type RoutingSchemaIds } from './routing-value.js'

export interface RoutingGeneratorOptions {
  readonly seed: number
  readonly originServiceType: string
  /** Record i comes from the next of them. */
  readonly originServiceIds: readonly string[]
  /** Each record names the next of them. */
  readonly destinations: readonly string[]
  /** Those that the pipeline has, by default all of these; a record for any other is an invalid one. */
  readonly configured?: readonly string[]
  /** Share of the valid records that name several destinations, 0 to 1. */
  readonly fanOutShare: number
  readonly invalidShare: number
  readonly kinds: readonly RoutingKind[]
  readonly schemas: RoutingSchemaIds
  /** For `event_timestamp`, ms since 1970. */
  readonly now: () => number
}

/** A record for the routing pipeline. */
export interface RoutingRecord extends MadeRecord {
  readonly key: string
  /** Of a valid record. */
  readonly destinations: readonly string[]
}

/** The record at an index: the same for the same options and the same time, whatever was made before. */
export function generateRoutingRecord (options: RoutingGeneratorOptions, index: number): RoutingRecord {
  const { seed, invalidShare, kinds, schemas, fanOutShare } = options
  const random = new Random(seed, index)
  const invalid = invalidAt(invalidShare, index, kinds)
  const isFanOut = invalid === undefined && fanOutShare > 0 && options.destinations.length > 1 && random.fraction() < fanOutShare
  const message = makeMessage(options, random, index, isFanOut)
  const common = { index, key: `${message.originServiceId}:${message.destinations[0]}`, headers: [{ traceparent: traceParent(random) }] }
  if (invalid !== undefined) return { ...common, kind: invalid.name, expected: invalid.expected, destinations: [], value: invalid.make(message, schemas) }
  const value = isFanOut ? encodeFanOut(message, schemas, random.fraction() < 0.5) : encodeSingle(message, schemas)
  if (!message.destinations.every(name => isOneOf(options.configured ?? options.destinations, name))) {
    return { ...common, kind: 'not-configured', expected: 'UNKNOWN_DESTINATION', destinations: [], value }
  }
  return { ...common, kind: isFanOut ? 'fan-out' : 'valid', expected: 'valid', destinations: message.destinations, value }
}

function isOneOf (names: readonly string[], name: string): boolean {
  return names.some(known => known.toLowerCase() === name.toLowerCase())
}

function makeMessage (options: RoutingGeneratorOptions, random: Random, index: number, isFanOut: boolean): RoutingMessage {
  const { originServiceType, originServiceIds, destinations, now } = options
  const count = isFanOut ? 2 + random.below(destinations.length - 1) : 1
  const at = (items: readonly string[], place: number): string => items[place % items.length] ?? ''
  return {
    originServiceType,
    originServiceId: at(originServiceIds, Math.floor(index / destinations.length)),
    destinations: Array.from({ length: count }, (_, place) => at(destinations, index + place)),
    eventTimestamp: now(),
    payload: `${random.pick(PAYLOADS)} ${index} ${'·'.repeat(random.below(40))}`
  }
}

/** Text that a careless reader would change. */
const PAYLOADS = ['{"amount":"12.50","currency":"BRL"}', 'olá, integrações', '\u{1F600} \uFFFE', 'a\0b', '"quotes" and \\', '\u2028']

/** https://www.w3.org/TR/trace-context/#traceparent-header */
function traceParent (random: Random): string {
  const hex = (words: number): string => Array.from({ length: words }, () => random.uint32().toString(16).padStart(8, '0')).join('')
  return `00-${hex(4)}-${hex(2)}-01`
}
