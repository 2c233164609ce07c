import { type Type } from 'avsc'
import { HEADER_BYTES } from '../../connectors/schema-registry/wire-format.js'
import { describeError } from '../../errors.js'
import { AvroCursor, MalformedAvro } from '../../validation/avro/cursor.js'
import { compileWalk, type Walk } from '../../validation/avro/walk.js'
import { parseRecordSchema, type ProducerToProcessor, SchemaMismatch } from './schemas.js'

/** The record in a value. Throws `MalformedAvro`. */
export type DecodeInput = (value: Buffer) => ProducerToProcessor

/**
 * Compiles the reading of values that were written with one schema (`writer`) as records of another (`reader`), by Avro's
 * rules of schema resolution. Throws `SchemaMismatch` when they do not allow it.
 *
 * avsc trusts its input: it allocates what a count claims, follows negative sizes backwards for ever, and mends text that
 * is not UTF-8. So it decodes what was walked through before.
 */
export function compileDecodeInput (writerText: string, reader: Type): DecodeInput {
  const writer = parseRecordSchema(writerText)
  let resolver, walk: Walk
  try {
    resolver = reader.createResolver(writer)
    walk = compileWalk(writer)
  } catch (error) {
    throw new SchemaMismatch(`${writer.name ?? 'a record'} as ${reader.name ?? 'a record'}: ${describeError(error)}`, { cause: error })
  }
  const cursor = new AvroCursor()
  return value => {
    cursor.begin(value, HEADER_BYTES)
    walk(cursor)
    if (cursor.left > 0) throw new MalformedAvro('bytes follow the record')
    try {
      return reader.decode(value, HEADER_BYTES, resolver).value as ProducerToProcessor
    } catch (error) {
      throw new MalformedAvro(describeError(error)) // A long beyond 2^53, which JavaScript's numbers do not hold.
    }
  }
}
