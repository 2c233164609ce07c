import avsc, { type Type } from 'avsc'
import { describeError } from '../../errors.js'

/** `resource/avro/producer-to-processor-v2.avsc`, as far as it is read. */
export interface ProducerToProcessor {
  readonly origin_service_id: string
  readonly destination_service_type: string
  /** Absent when an older schema is read. */
  readonly destination_service_types?: readonly string[]
  readonly event_timestamp: number
  readonly payload: string
}

/** `resource/avro/processor-to-consumer.avsc` */
export interface ProcessorToConsumer {
  readonly producer_service_id: string
  readonly processor_service_id: string
  readonly destination_type: string
  readonly producer_event_timestamp: number
  readonly processor_event_timestamp: number
  readonly payload: string
}

/** A schema can not be used for what it is meant for. The message says why. */
export class SchemaMismatch extends Error {
  constructor (message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'SchemaMismatch'
  }
}

/** Parses the schema of a record. Logical types are read as what is under them. Throws `SchemaMismatch`. */
export function parseRecordSchema (text: string): Type {
  let type
  try {
    type = avsc.Type.forSchema(JSON.parse(text))
  } catch (error) {
    throw new SchemaMismatch(`no Avro schema: ${describeError(error)}`, { cause: error })
  }
  if (type.typeName !== 'record') throw new SchemaMismatch(`no record but ${type.typeName}`)
  return type
}

/** Parses a schema that messages can be written with: what it has beside our fields has a default. Throws `SchemaMismatch`. */
export function parseOutputSchema (text: string): Type {
  const type = parseRecordSchema(text)
  const wrong = new Set<string>()
  type.isValid(SAMPLE, { errorHook: path => { wrong.add(path.join('.')) } })
  if (wrong.size > 0) throw new SchemaMismatch(`${type.name ?? 'the record'} can not be written: nothing of ours fits ${[...wrong].join(', ')}`)
  return type
}

const SAMPLE: ProcessorToConsumer = {
  producer_service_id: '', processor_service_id: '', destination_type: '', producer_event_timestamp: 0, processor_event_timestamp: 0, payload: ''
}
