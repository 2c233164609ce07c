import avsc, { type Type } from 'avsc'
import { fieldsOf } from '../../validation/avro/walk.js'
import { type InputReader, type TakenOver } from './input-reader.js'
import { type ProcessorToConsumer } from './schemas.js'

const FIRST_BYTES = 256 * 1024
/** What a chunk of uncommonly large records needed is not kept for the next. */
const KEPT_BYTES = 8 * 1024 * 1024
/** A field up to this size is copied here: a call out of JavaScript costs more. */
const MAX_LOOPED_BYTES = 64

/** What of a message is the same for all records of a chunk. */
export type OfChunk = Pick<ProcessorToConsumer, 'processor_service_id' | 'processor_event_timestamp'>

/** How messages of one schema are written. */
export interface OutputSchema {
  /** See wire-format.ts. */
  readonly header: Buffer
  readonly type: Type
  /** Where each field comes from, in the schema's order; `undefined` when it has others than ours, or of other types. */
  readonly sources: ReadonlyArray<TakenOver | keyof OfChunk> | undefined
}

export function createOutputSchema (header: Buffer, type: Type): OutputSchema {
  const sources = fieldsOf(type).map(({ name, type: { typeName } }) => SOURCES.get(`${name}: ${typeName}`))
  const isOurs = sources.length === SOURCES.size && sources.every(source => source !== undefined)
  return { header, type, sources: isOurs ? sources : undefined }
}

const SOURCES = new Map<string, TakenOver | keyof OfChunk>([
  ['producer_service_id: string', 'origin_service_id'],
  ['processor_service_id: string', 'processor_service_id'],
  ['destination_type: string', 'destination_service_type'],
  ['producer_event_timestamp: long', 'event_timestamp'],
  ['processor_event_timestamp: long', 'processor_event_timestamp'],
  ['payload: string', 'payload']
])

/** Writes messages one after the other into memory that grows as they need it. */
export class MessageWriter {
  #bytes = Buffer.allocUnsafeSlow(FIRST_BYTES)
  #length = 0
  #ofChunk = encodeOfChunk({ processor_service_id: '', processor_event_timestamp: 0 })

  get length (): number {
    return this.#length
  }

  /** Begins anew. */
  begin (ofChunk: OfChunk): void {
    this.#ofChunk = encodeOfChunk(ofChunk)
    this.clear()
  }

  clear (): void {
    this.#length = 0
    if (this.#bytes.length > KEPT_BYTES) this.#bytes = Buffer.allocUnsafeSlow(FIRST_BYTES)
  }

  write ({ header, type }: OutputSchema, message: ProcessorToConsumer): void {
    const start = this.#length
    let end = type.encode(message, this.#bytes, start + header.length)
    if (end < 0) {
      // It did not fit; what is missing is the negative of the answer.
      this.#grow(this.#bytes.length - end)
      end = type.encode(message, this.#bytes, start + header.length)
    }
    header.copy(this.#bytes, start)
    this.#length = end
  }

  /** Writes the message of a value that holds it with the bytes of its fields: what it saves, `npm run bench -- route` says. */
  copy ({ header }: OutputSchema, sources: ReadonlyArray<TakenOver | keyof OfChunk>, value: Buffer, input: InputReader): void {
    const { processor_service_id: id, processor_event_timestamp: time } = this.#ofChunk
    const most = this.#length + header.length + value.length + id.length + time.length
    if (most > this.#bytes.length) this.#grow(most)
    this.#append(header, 0, header.length)
    for (const source of sources) {
      if (source === 'processor_service_id') this.#append(id, 0, id.length)
      else if (source === 'processor_event_timestamp') this.#append(time, 0, time.length)
      else this.#append(value, input.startOf(source), input.endOf(source))
    }
  }

  /** All that was written, in memory of just its size; the writer begins anew. */
  take (): ArrayBuffer {
    const taken = this.#bytes.buffer.slice(0, this.#length)
    this.clear()
    return taken
  }

  #append (source: Buffer, start: number, end: number): void {
    const bytes = this.#bytes
    const at = this.#length - start
    if (end - start > MAX_LOOPED_BYTES) source.copy(bytes, this.#length, start, end)
    else for (let index = start; index < end; index++) bytes[at + index] = source[index]!
    this.#length += end - start
  }

  #grow (needed: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#bytes.length))
    this.#bytes.copy(grown, 0, 0, this.#length)
    this.#bytes = grown
  }
}

function encodeOfChunk (ofChunk: OfChunk): Readonly<Record<keyof OfChunk, Buffer>> {
  return {
    processor_service_id: STRING.toBuffer(ofChunk.processor_service_id),
    processor_event_timestamp: LONG.toBuffer(ofChunk.processor_event_timestamp)
  }
}

const STRING = avsc.Type.forSchema('string')
const LONG = avsc.Type.forSchema('long')
