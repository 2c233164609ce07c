import { type Type } from 'avsc'
import { HEADER_BYTES } from '../../connectors/schema-registry/wire-format.js'
import { describeError } from '../../errors.js'
import { AvroCursor, MalformedAvro } from '../../validation/avro/cursor.js'
import { compileWalk, fieldsOf, type Walk } from '../../validation/avro/walk.js'
import { parseRecordSchema, type ProducerToProcessor, SchemaMismatch } from './schemas.js'

/** The fields of a record that its messages take over. */
export const TAKEN_OVER = { origin_service_id: 'string', destination_service_type: 'string', event_timestamp: 'long', payload: 'string' } as const
export type TakenOver = keyof typeof TAKEN_OVER

const FURTHER_DESTINATIONS = 'destination_service_types'

/**
 * Reads values that were written with one schema (the writer's) as records of another (the reader's), by Avro's rules of
 * schema resolution: one value at a time, with `read` and then what is asked of it.
 *
 * avsc trusts its input: it allocates what a count claims, follows negative sizes backwards for ever, and mends text that
 * is not UTF-8. So it decodes what was walked through before. The walk notes where each field lies, and for most records
 * that is all that their message needs: see `holdsMessage`.
 */
export class InputReader {
  readonly #reader: Type
  readonly #resolver: ReturnType<Type['createResolver']>
  readonly #cursor = new AvroCursor()
  /** One for each field of the writer's. */
  readonly #walks: readonly Walk[]
  /** Field n of the value lies from the nth of these to the next. */
  readonly #bounds: Uint32Array
  readonly #places: Readonly<Record<TakenOver, number>> | undefined
  /** The place of the further destinations; -1 when there are none to be read. */
  readonly #furtherDestinations: number

  /** Throws `SchemaMismatch` when the rules do not allow it. */
  constructor (writerText: string, reader: Type) {
    const writer = parseRecordSchema(writerText)
    const fields = fieldsOf(writer)
    this.#reader = reader
    try {
      this.#resolver = reader.createResolver(writer)
      const known = new Map<Type, Walk>()
      this.#walks = fields.map(({ type }) => compileWalk(type, known))
    } catch (error) {
      throw new SchemaMismatch(`${writer.name ?? 'a record'} as ${reader.name ?? 'a record'}: ${describeError(error)}`, { cause: error })
    }
    this.#bounds = new Uint32Array(fields.length + 1)
    this.#places = placesOf(writer, reader)
    const isRead = fieldsOf(reader).some(({ name }) => name === FURTHER_DESTINATIONS)
    this.#furtherDestinations = isRead ? fields.findIndex(({ name }) => name === FURTHER_DESTINATIONS) : -1
  }

  /** Throws `MalformedAvro`. */
  read (value: Buffer): void {
    const cursor = this.#cursor
    const bounds = this.#bounds
    cursor.begin(value, HEADER_BYTES)
    cursor.depth++
    bounds[0] = HEADER_BYTES
    for (let field = 0; field < this.#walks.length; field++) {
      this.#walks[field]!(cursor)
      bounds[field + 1] = cursor.at
    }
    if (cursor.left > 0) throw new MalformedAvro('bytes follow the record')
  }

  /** The record in the value. Throws `MalformedAvro`. */
  decode (): ProducerToProcessor {
    try {
      return this.#reader.decode(this.#cursor.bytes, HEADER_BYTES, this.#resolver).value as ProducerToProcessor
    } catch (error) {
      throw new MalformedAvro(describeError(error)) // A long beyond 2^53, which JavaScript's numbers do not hold.
    }
  }

  /**
   * Whether a message can take the fields over as they lie there: the value names one destination at most, and what
   * decoding and encoding would make of its fields are these very bytes.
   */
  get holdsMessage (): boolean {
    const places = this.#places
    if (places === undefined) return false
    const further = this.#furtherDestinations
    if (further >= 0 && this.#bounds[further + 1]! - this.#bounds[further]! > 1) return false
    return this.#isShortest(places.origin_service_id) && this.#isShortest(places.destination_service_type) &&
      this.#isShortest(places.event_timestamp) && this.#isShortest(places.payload)
  }

  /** Of a value that holds a message. */
  get destination (): string {
    const { bytes } = this.#cursor
    let start = this.startOf('destination_service_type')
    while (bytes[start]! >= CONTINUED) start++
    return bytes.toString('utf8', start + 1, this.endOf('destination_service_type'))
  }

  /** Of a value that holds a message, as is `endOf`. */
  startOf (field: TakenOver): number {
    return this.#bounds[this.#places![field]]!
  }

  endOf (field: TakenOver): number {
    return this.#bounds[this.#places![field] + 1]!
  }

  /** The number that a field begins with, a long or the length of a string, has no byte too many, and is below 2^53. */
  #isShortest (place: number): boolean {
    const { bytes } = this.#cursor
    const start = this.#bounds[place]!
    let last = start
    while (bytes[last]! >= CONTINUED) last++
    return last === start || (bytes[last] !== 0 && last - start < SAFE_BYTES)
  }
}

/**
 * The places of the fields in the writer's; `undefined` when one is missing, or when a field that is read was written as
 * another type than it is read as: then only decoding tells whether it can be.
 */
function placesOf (writer: Type, reader: Type): Readonly<Record<TakenOver, number>> | undefined {
  const written = fieldsOf(writer)
  for (const { name, type: { typeName } } of fieldsOf(reader)) {
    const field = written.find(field => field.name === name)
    if (field !== undefined && (field.type.typeName !== typeName || !PLAIN.has(typeName))) return undefined
  }
  const places = { origin_service_id: 0, destination_service_type: 0, event_timestamp: 0, payload: 0 }
  for (const name of Object.keys(TAKEN_OVER) as TakenOver[]) {
    places[name] = written.findIndex(field => field.name === name && field.type.typeName === TAKEN_OVER[name])
    if (places[name] < 0) return undefined
  }
  return places
}

/** An array that is not empty is decoded. */
const PLAIN: ReadonlySet<string> = new Set(['string', 'long', 'array'])
/** A byte of a number that is not its last. */
const CONTINUED = 0x80
/** As many groups of 7 bits stay below 2^53, sign included. */
const SAFE_BYTES = 7
