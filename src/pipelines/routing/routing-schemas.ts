import { readFileSync } from 'node:fs'

/** As `resource/avro` holds them, as JSON text. */
export const ROUTING_SCHEMAS = {
  /** A record with one destination. */
  input: readSchema('producer-to-processor'),
  /** The next version: a record may name several. */
  fanOutInput: readSchema('producer-to-processor-v2'),
  output: readSchema('processor-to-consumer')
} as const

function readSchema (name: string): string {
  return readFileSync(new URL(`../../../../resource/avro/${name}.avsc`, import.meta.url), 'utf8')
}
