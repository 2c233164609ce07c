import { hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { JsonWriter } from '../src/connectors/aws/json-writer.js'
import { decodeEvents, type EncodedEvents } from '../src/pipelines/events/encoded-events.js'
import { EventChunks, placesOf } from '../src/pipelines/events/event-chunks.js'
import { EventEncoder } from '../src/pipelines/events/event-encoder.js'
import { type Event } from '../src/pipelines/events/event.js'
import { type SourceRecord } from '../src/engine/record.js'
import { packValues, unpackValues } from '../src/validation/packing.js'
import { examineChunk, serveChunk, verdictsOf } from '../src/validation/serve-chunk.js'
import { measureSteps, type Step } from './measure-steps.js'
import { type Scope } from './scope.js'

const CHUNKS = 40
const CHUNK_RECORDS = 500
const LIMITS = { maxBytes: 1_048_576, maxDepth: 64, maxKeys: 10_000 }

export const scope: Scope = {
  summary: 'what one event costs from its bytes to its row and entry, in the worker and on the main thread',
  runs: 9,
  async measure ({ runs }, progress) {
    return { variants: await measureSteps(createSteps(), { runs, progress }) }
  }
}

function createSteps (): Record<string, Step> {
  const schema: unknown = JSON.parse(readFileSync(new URL('../../resource/schema.json', import.meta.url), 'utf8'))
  const options = { schema, schemaSource: 'resource/schema.json', limits: LIMITS, messageGroup: 'partition' } as const
  const chunks = Array.from({ length: CHUNKS }, (_, chunk) => Array.from({ length: CHUNK_RECORDS }, (_, index) => recordOf(chunk * CHUNK_RECORDS + index)))
  const values = chunks.map(records => records.map(record => record.value))
  const parsed = values.map(chunk => chunk.map(value => JSON.parse(String(value)) as Event))
  const contexts = chunks.map(records => placesOf(records, 'partition'))
  const examiner = new EventChunks(options)
  const encoder = new EventEncoder('partition')
  const answers = values.map((chunk, index) => examineChunk(chunk, contexts[index]!, examiner))
  const progress = new SharedArrayBuffer(4)
  const json = new JsonWriter()
  const scratch = Buffer.allocUnsafe(64 * 1024)
  const { uids } = answers[0]!.valid as EncodedEvents
  const joined = uids.join('')
  return {
    'do nothing': eachChunk(index => { for (const value of values[index]!) kept = value!.length }),
    'main: pack and describe': eachChunk(index => [packValues(chunks[index]!.map(record => record.value)), placesOf(chunks[index]!, 'partition')]),
    'worker: unpack': eachChunk(index => unpackValues(packValues(values[index]!))),
    'worker: encode alone': eachChunk(index => {
      encoder.begin(CHUNK_RECORDS)
      for (let at = 0; at < CHUNK_RECORDS; at++) encoder.add(parsed[index]![at]!, values[index]![at]!, chunks[index]![at]!)
      return encoder.end()
    }),
    'worker: decode, validate, encode': eachChunk(index => serveChunk({ packed: packValues(values[index]!), context: contexts[index]!, progress }, examiner)),
    'both: move the answer': eachChunk(index => {
      const { bytes, ...rest } = answers[index]!.valid as EncodedEvents
      const moved = structuredClone({ ...answers[index]!, valid: { ...rest, bytes } }, { transfer: [bytes] })
      answers[index] = moved
      return moved
    }),
    'main: take the answer': eachChunk(index => verdictsOf(answers[index]!, decodeEvents(answers[index]!.valid as EncodedEvents))),
    // What was decided between: the first of each group is in use.
    'a body: a pass over its bytes': eachEvent(values, value => {
      json.clear()
      json.quote(value)
    }),
    'a body: JSON.stringify of its text': eachEvent(values, value => scratch.write(JSON.stringify(value.toString()))),
    'a uid: a pass over its characters': eachEvent(parsed, ({ uid }) => {
      json.clear()
      json.string(uid)
    }),
    'a uid: JSON.stringify': eachEvent(parsed, ({ uid }) => scratch.write(JSON.stringify(uid))),
    'an id: SHA-256 of the bytes': eachEvent(values, value => hash('sha256', value)),
    'an id: SHA-256 of a string': eachEvent(values, value => hash('sha256', `36:${String(value)}`)),
    'uids: a list of them is cloned': eachChunk(() => structuredClone(uids)),
    'uids: one string is cloned, and cut': eachChunk(() => {
      const text = structuredClone(joined)
      return uids.map((_, index) => text.slice(36 * index, 36 * index + 36))
    })
  }
}

function recordOf (index: number): SourceRecord {
  const value = Buffer.from(JSON.stringify({
    uid: `a0237613-828d-4bce-8a7e-${index.toString(16).padStart(12, '0')}`,
    context: 'autorizador de transações',
    event_type: 'DELETE',
    client: 'Client_B',
    created_at: '2024-09-10T04:17:09.0247241-03:00'
  }))
  return { topic: 'events', partition: index % 12, offset: 1_000_000 + index, key: null, value, headers: [], timestamp: 0 }
}

/** What the steps returned last: keeps the compiler from leaving them out. */
export let kept: unknown

function eachEvent<T> (chunks: ReadonlyArray<readonly T[]>, step: (event: NonNullable<T>) => unknown): Step {
  return eachChunk(index => { for (const event of chunks[index]!) kept = step(event as NonNullable<T>) })
}

function eachChunk (step: (index: number) => unknown): Step {
  return () => {
    for (let index = 0; index < CHUNKS; index++) kept = step(index)
    return CHUNKS * CHUNK_RECORDS
  }
}
