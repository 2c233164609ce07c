import { readFileSync } from 'node:fs'
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
    'main: take the answer': eachChunk(index => verdictsOf(answers[index]!, decodeEvents(answers[index]!.valid as EncodedEvents)))
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

function eachChunk (step: (index: number) => unknown): Step {
  return () => {
    for (let index = 0; index < CHUNKS; index++) kept = step(index)
    return CHUNKS * CHUNK_RECORDS
  }
}
