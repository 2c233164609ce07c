import { isUtf8 } from 'node:buffer'
import { readFileSync } from 'node:fs'
import { deduplicationId, needsEscapes } from '../src/pipelines/events/event.js'
import { decodeEvents, encodeEvents } from '../src/pipelines/events/event-columns.js'
import { compileExamine } from '../src/pipelines/events/examine.js'
import { compileSchema } from '../src/validation/json-schema.js'
import { packValues } from '../src/validation/packing.js'
import { parseJson } from '../src/validation/parse-json.js'
import { checkKeys, checkShape } from '../src/validation/precheck.js'

/**
 * What the examination of one event costs, step by step, against a loop that only touches each buffer.
 * Prints a line a step: the median of the rounds, in µs a record. `node dist/bench/validate.js [rounds]`
 */

const RECORDS = 20_000
const LIMITS = { maxBytes: 1_048_576, maxDepth: 64, maxKeys: 10_000 }

const schema: unknown = JSON.parse(readFileSync(new URL('../../resource/schema.json', import.meta.url), 'utf8'))
const examine = compileExamine({ schema, schemaSource: 'resource/schema.json', limits: LIMITS })
const check = compileSchema(schema, 'resource/schema.json')
const values = Array.from({ length: RECORDS }, (_, index) => Buffer.from(JSON.stringify({
  uid: `a0237613-828d-4bce-8a7e-${index.toString(16).padStart(12, '0')}`,
  context: 'autorizador de transações',
  event_type: 'DELETE',
  client: 'Client_B',
  created_at: '2024-09-10T04:17:09.0247241-03:00'
})))
const texts = values.map(value => value.toString())
const parsed = texts.map(text => JSON.parse(text) as Record<string, string>)
const events = values.map(value => {
  const verdict = examine(value)
  if (verdict.class === 'poison') throw new Error(verdict.detail)
  return verdict.payload
})
const columns = encodeEvents(events.slice(0, 500))

const STEPS: Record<string, (index: number) => unknown> = {
  'do nothing': (index: number) => values[index]!.length,
  isUtf8: index => isUtf8(values[index]!),
  'depth and keys': index => checkShape(values[index]!, LIMITS),
  'decode to a string': index => values[index]!.toString(),
  'JSON.parse': index => JSON.parse(texts[index]!),
  'duplicate and forbidden keys': index => checkKeys(parsed[index], 5),
  'all of these': index => parseJson(values[index]!, LIMITS),
  'schema (ajv)': index => check(parsed[index]),
  'characters SQS refuses': index => needsEscapes(texts[index]!),
  'deduplication id': index => deduplicationId(parsed[index]!.uid!, texts[index]!),
  'examine, as a whole': index => examine(values[index]!),
  'pack 500': index => index % 500 === 0 ? packValues(values.slice(index, index + 500)) : undefined,
  'encode 500 answers': index => index % 500 === 0 ? encodeEvents(events.slice(index, index + 500)) : undefined,
  'clone 500 answers': index => index % 500 === 0 ? structuredClone(columns) : undefined,
  'decode 500 answers': index => index % 500 === 0 ? decodeEvents(columns) : undefined
}

const rounds = Number(process.argv[2] ?? 9)
let sink: unknown
for (const [name, step] of Object.entries(STEPS)) {
  const micros: number[] = []
  for (let round = 0; round < rounds; round++) {
    const start = process.hrtime.bigint()
    for (let index = 0; index < RECORDS; index++) sink = step(index)
    micros.push(Number(process.hrtime.bigint() - start) / 1_000 / RECORDS)
  }
  micros.sort((a, b) => a - b)
  console.log(`${name.padEnd(30)} ${micros[rounds >> 1]!.toFixed(2)} µs`)
}
if (sink === STEPS) console.log() // keeps the steps' results alive
