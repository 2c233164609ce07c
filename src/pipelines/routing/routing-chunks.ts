import { type Type } from 'avsc'
import { type SchemaEntry } from '../../connectors/schema-registry/schema-cache.js'
import { headerOf, schemaIdOf } from '../../connectors/schema-registry/wire-format.js'
import { poison, type Poison } from '../../engine/outcome.js'
import { MalformedAvro } from '../../validation/avro/cursor.js'
import { checkSize } from '../../validation/precheck.js'
import { type ChunkExaminer } from '../../validation/serve-chunk.js'
import { InputReader } from './input-reader.js'
import { createOutputSchema, MessageWriter, type OutputSchema } from './message-writer.js'
import { type RoutedMessages } from './routed-messages.js'
import { destinationKey, type DestinationPlaces, type Route, routesOf } from './routing-rule.js'
import { parseOutputSchema, parseRecordSchema, type ProducerToProcessor, SchemaMismatch } from './schemas.js'

/** All that the examination depends on beside a chunk's context; plain data, so that it can be handed to a worker. */
export interface RoutingChunksOptions {
  /** What the pipeline reads records as, as JSON text. */
  readonly readerSchema: string
  /** Names of the destinations; a destination's place is its place in this list. */
  readonly destinations: readonly string[]
  readonly processorId: string
  readonly maxRecordBytes: number
}

/** What a chunk needs beside its values. */
export interface RoutingContext {
  /**
   * `processor_event_timestamp`, ms since 1970. Read outside, so that the examination depends on nothing but its task and
   * can run again; a chunk is examined within ms, so that its records share it.
   */
  readonly processedAt: number
  /** By id: the schemas that the records of the chunk were written with, and those of the outputs. */
  readonly schemas: ReadonlyMap<number, SchemaEntry>
  /** The schema id of each destination's messages, by place. */
  readonly outputSchemaIds: readonly number[]
}

/**
 * Examines chunks of records, and writes the messages that they become. The constructor throws `SchemaMismatch` for a
 * reader's schema that is none.
 */
export class RoutingChunks implements ChunkExaminer<RoutingContext, RoutedMessages> {
  readonly #options: RoutingChunksOptions
  readonly #reader: Type
  readonly #places: DestinationPlaces
  readonly #inputs = new Map<number, InputReader | Poison>()
  readonly #outputs = new Map<number, OutputSchema>()
  readonly #writer = new MessageWriter()
  #context: RoutingContext = { processedAt: 0, schemas: new Map(), outputSchemaIds: [] }
  #ends: number[] = []
  #destinations: number[] = []
  #counts: number[] = []

  constructor (options: RoutingChunksOptions) {
    this.#options = options
    this.#reader = parseRecordSchema(options.readerSchema)
    this.#places = new Map(options.destinations.map((name, place) => [destinationKey(name), place]))
  }

  begin (context: RoutingContext): void {
    this.#context = context
    this.#writer.begin({ processor_service_id: this.#options.processorId, processor_event_timestamp: context.processedAt })
    this.#ends = []
    this.#destinations = []
    this.#counts = []
  }

  examine (value: Buffer | null): Poison | undefined {
    const refused = checkValue(value, this.#options.maxRecordBytes)
    if (refused !== undefined) return refused
    const input = this.#input(schemaIdOf(value!)!)
    if ('class' in input) return input
    let record
    try {
      input.read(value!)
      if (this.#copy(input, value!)) return undefined
      record = input.decode()
    } catch (error) {
      if (error instanceof MalformedAvro) return poison(error.text ? 'NOT_UTF8' : 'NOT_AVRO', error.message)
      throw error
    }
    const routes = routesOf(record, this.#places)
    if ('class' in routes) return routes
    for (const route of routes) this.#write(record, route)
    this.#counts.push(routes.length)
    return undefined
  }

  end (): RoutedMessages {
    return {
      bytes: this.#writer.take(),
      ends: Uint32Array.from(this.#ends),
      destinations: Uint16Array.from(this.#destinations),
      counts: Uint16Array.from(this.#counts)
    }
  }

  #input (id: number): InputReader | Poison {
    let input = this.#inputs.get(id)
    if (input === undefined) {
      // Not kept: it may be known the next time.
      if (this.#context.schemas.get(id)?.state === 'unknown') return UNKNOWN_SCHEMA
      input = this.#createInput(id)
      keep(this.#inputs, id, input)
    }
    return input
  }

  #createInput (id: number): InputReader | Poison {
    const schema = this.#context.schemas.get(id)
    if (schema?.state === 'foreign') return poison('WRONG_SCHEMA', 'no Avro schema, or one that refers to others')
    try {
      return new InputReader(this.#textOf(id), this.#reader)
    } catch (error) {
      if (error instanceof SchemaMismatch) return poison('WRONG_SCHEMA', error.message)
      throw error
    }
  }

  /** The common case, of a record with one destination, without decoding it. False when it is another one. */
  #copy (input: InputReader, value: Buffer): boolean {
    if (!input.holdsMessage) return false
    const place = this.#places.get(destinationKey(input.destination))
    if (place === undefined) return false
    const output = this.#output(this.#context.outputSchemaIds[place]!)
    if (output.sources === undefined) return false
    this.#writer.copy(output, output.sources, value, input)
    this.#written(place)
    this.#counts.push(1)
    return true
  }

  #write (record: ProducerToProcessor, { name, place }: Route): void {
    this.#writer.write(this.#output(this.#context.outputSchemaIds[place]!), {
      producer_service_id: record.origin_service_id,
      processor_service_id: this.#options.processorId,
      destination_type: name,
      producer_event_timestamp: record.event_timestamp,
      processor_event_timestamp: this.#context.processedAt,
      payload: record.payload
    })
    this.#written(place)
  }

  #written (place: number): void {
    this.#ends.push(this.#writer.length)
    this.#destinations.push(place)
  }

  #output (id: number): OutputSchema {
    let output = this.#outputs.get(id)
    if (output === undefined) {
      output = createOutputSchema(headerOf(id), parseOutputSchema(this.#textOf(id)))
      keep(this.#outputs, id, output)
    }
    return output
  }

  #textOf (id: number): string {
    const schema = this.#context.schemas.get(id)
    if (schema?.state !== 'known') throw new RangeError(`the context of the chunk lacks schema ${id}`)
    return schema.text
  }
}

/** What can be said of a value without its schema. Constant time. */
export function checkValue (value: Buffer | null, maxBytes: number): Poison | undefined {
  const refused = checkSize(value, maxBytes)
  if (refused !== undefined) return refused
  return schemaIdOf(value!) === undefined ? NO_SCHEMA_ID : undefined
}

const UNKNOWN_SCHEMA = poison('UNKNOWN_SCHEMA', 'the id is not in the registry')
const NO_SCHEMA_ID = poison('NO_SCHEMA_ID', 'no zero byte and id at its beginning')

/** A schema never changes under its id, so what was made of it is kept; but nothing bounds how many there are. */
const MAX_KEPT = 1_000

function keep<V> (kept: Map<number, V>, id: number, made: V): void {
  if (kept.size >= MAX_KEPT) kept.clear()
  kept.set(id, made)
}
