import { type FailureCode, UsageError } from '../../errors.js'
import { encodeFanOut, encodeOutput, encodeSingle, framed, type RoutingMessage, type RoutingSchemaIds } from './routing-value.js'

/** A way in which a record of the routing pipeline can be wrong. */
export interface RoutingKind {
  readonly name: string
  /** What the dead letter must say. */
  readonly expected: FailureCode
  /** Made from a message that was valid. */
  make (message: RoutingMessage, schemas: RoutingSchemaIds): Buffer | null
  /** More than a megabyte. Only made when named. */
  readonly large?: boolean
}

/** No registry gives it away: the highest there is. */
const UNKNOWN_ID = 0x7FFFFFFF
const BEYOND_BYTES = 2_000_000

/** Every way to be wrong that the generator knows. */
export const ROUTING_KINDS: readonly RoutingKind[] = [
  kind('tombstone', 'EMPTY_VALUE', () => null),
  kind('empty', 'EMPTY_VALUE', () => Buffer.alloc(0)),
  kind('magic-byte', 'NO_SCHEMA_ID', (message, schemas) => changed(encodeSingle(message, schemas), bytes => { bytes[0] = 1 })),
  kind('no-frame', 'NO_SCHEMA_ID', (message, schemas) => changed(encodeSingle(message, schemas).subarray(5), bytes => { bytes[0] = 2 })),
  kind('frame-cut', 'NO_SCHEMA_ID', (message, schemas) => encodeSingle(message, schemas).subarray(0, 3)),
  kind('json', 'NO_SCHEMA_ID', message => Buffer.from(JSON.stringify(message))),
  kind('negative-schema-id', 'NO_SCHEMA_ID', (message, schemas) => changed(encodeSingle(message, schemas), bytes => { bytes[1] = 0xFF })),
  kind('unknown-schema', 'UNKNOWN_SCHEMA', (message, schemas) => framed(UNKNOWN_ID, encodeSingle(message, schemas).subarray(5))),
  kind('schema-of-the-output', 'WRONG_SCHEMA', encodeOutput),

  kind('frame-alone', 'NOT_AVRO', (message, schemas) => encodeSingle(message, schemas).subarray(0, 5)),
  kind('cut-in-half', 'NOT_AVRO', (message, schemas) => cut(encodeSingle(message, schemas), 0.5)),
  kind('last-byte-cut', 'NOT_AVRO', (message, schemas) => encodeSingle(message, schemas).subarray(0, -1)),
  kind('byte-after', 'NOT_AVRO', (message, schemas) => Buffer.concat([encodeSingle(message, schemas), Buffer.of(0)])),
  kind('two-records', 'NOT_AVRO', (message, schemas) => Buffer.concat([encodeSingle(message, schemas), encodeSingle(message, schemas).subarray(5)])),
  kind('older-schema-id', 'NOT_AVRO', (message, schemas) => framed(schemas.input, encodeFanOut({ ...message, destinations: ['FINANCE', 'FINANCE'] }, schemas).subarray(5))),
  kind('huge-string', 'NOT_AVRO', (_message, schemas) => framed(schemas.input, varint(2n ** 40n))),
  kind('negative-string', 'NOT_AVRO', (_message, schemas) => framed(schemas.input, varint(-1n))),
  kind('endless-number', 'NOT_AVRO', (_message, schemas) => framed(schemas.input, Buffer.alloc(32, 0xFF))),
  kind('huge-block', 'NOT_AVRO', (message, schemas) => withBlocks(message, schemas, varint(2n ** 40n))),
  kind('huge-sized-block', 'NOT_AVRO', (message, schemas) => withBlocks(message, schemas, varint(-(2n ** 40n)), varint(1n))),
  kind('block-not-ended', 'NOT_AVRO', (message, schemas) => withBlocks(message, schemas, varint(1n), varint(7n), Buffer.from('FINANCE'))),
  kind('payload-no-text', 'NOT_UTF8', (message, schemas) => changed(encodeSingle(message, schemas), bytes => { bytes[bytes.length - 1] = 0xFF })),

  kind('no-destination', 'NO_DESTINATION', (message, schemas) => encodeSingle({ ...message, destinations: [] }, schemas)),
  kind('no-destinations', 'NO_DESTINATION', (message, schemas) => encodeFanOut({ ...message, destinations: [] }, schemas)),
  kind('unknown-destination', 'UNKNOWN_DESTINATION', (message, schemas) => encodeSingle({ ...message, destinations: ['WEATHER'] }, schemas)),
  kind('destination-with-blank', 'UNKNOWN_DESTINATION', (message, schemas) => encodeSingle({ ...message, destinations: [`${message.destinations[0]} `] }, schemas)),
  kind('unknown-among-several', 'UNKNOWN_DESTINATION', (message, schemas) => encodeFanOut({ ...message, destinations: [...message.destinations, 'WEATHER'] }, schemas)),

  { ...kind('two-megabytes', 'TOO_LARGE', (message, schemas) => encodeSingle({ ...message, payload: 'x'.repeat(BEYOND_BYTES) }, schemas)), large: true }
]

/** The kinds of these names; without names all that are not large. */
export function chooseRoutingKinds (names: readonly string[] | undefined): readonly RoutingKind[] {
  if (names === undefined) return ROUTING_KINDS.filter(({ large }) => large !== true)
  const unknown = names.filter(name => !ROUTING_KINDS.some(known => known.name === name))
  if (unknown.length > 0) throw new UsageError('These kinds of invalid records can not be made (see --list-kinds):', unknown.map(name => `"${name}" is unknown`))
  return ROUTING_KINDS.filter(({ name }) => names.includes(name))
}

function kind (name: string, expected: FailureCode, make: RoutingKind['make']): RoutingKind {
  return { name, expected, make }
}

function changed (value: Buffer, change: (bytes: Buffer) => void): Buffer {
  const bytes = Buffer.from(value)
  change(bytes)
  return bytes
}

function cut (value: Buffer, share: number): Buffer {
  return value.subarray(0, Math.floor(value.length * share))
}

/** A record of the second version whose list of destinations is written like this. */
function withBlocks (message: RoutingMessage, schemas: RoutingSchemaIds, ...blocks: Buffer[]): Buffer {
  const whole = encodeFanOut({ ...message, destinations: message.destinations.slice(0, 1) }, schemas)
  // The last byte is the end of an empty list.
  return Buffer.concat([whole.subarray(0, -1), ...blocks])
}

/** Avro's encoding of a long: zig-zag, then 7 bits a byte. https://avro.apache.org/docs/1.12.0/specification/#primitive-types-1 */
function varint (value: bigint): Buffer {
  const bytes: number[] = []
  let rest = value < 0n ? -2n * value - 1n : 2n * value
  for (; rest > 0x7Fn; rest >>= 7n) bytes.push(Number(rest & 0x7Fn) | 0x80)
  return Buffer.from([...bytes, Number(rest)])
}
