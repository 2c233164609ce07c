import { hash, randomBytes } from 'node:crypto'
import t from 'tap'
import { DEAD_LETTER_HEADERS } from '../../src/connectors/kafka/dead-letter-stage.js'
import { generateRecord, type GeneratedRecord } from '../../src/generator/event-generator.js'
import { chooseKinds, INVALID_KINDS } from '../../src/generator/invalid-kinds.js'
import { type InvalidKind, kind, plus } from '../../src/generator/kinds/kind.js'
import { EXTRAS, type GeneratedEvent } from '../../src/generator/valid-event.js'
import { EventsRoad } from '../helpers/events-road.js'
import { startTestStack } from '../helpers/stack.js'

/** Of one poll, which is one task of the pool: a bad record stands at its first, its middle and its last place. */
const CHUNK = ['bad', 'good', 'good', 'bad', 'good', 'good', 'bad'] as const
/** Of the broker and the topics: beyond the 50 MB of the largest kind. */
const RAISED_BYTES = 60_000_000
/** Of the dead-letter topic that is too narrow. */
const NARROW_BYTES = 1_000_000
const TRUNCATED_BYTES = 16 * 1024
/** Two megabytes that no compression makes fit. */
const NOISE = kind('two-megabytes-of-noise', 'TOO_LARGE', event => plus(event, `"blob":"${randomBytes(1_500_000).toString('base64')}"`))

const { kafka, dynamodb, elasticmq } = await startTestStack(t, {
  servers: ['kafka', 'dynamodb', 'elasticmq'], kafka: { messageMaxBytes: RAISED_BYTES + 1_000_000 }
})
const servers = { kafka: kafka.brokers, dynamodb: dynamodb.endpoint, sqs: elasticmq.endpoint }

t.test('each bad record, first, in the middle and last of its chunk, becomes a dead letter, and its neighbours pass byte for byte', async t => {
  const road = await EventsRoad.create(t, { name: 'bad-input', servers, partitions: 1, knobs: { CHUNK_RECORDS: String(CHUNK.length) } })
  // There before the service starts, so that polls are full and begin where a chunk does.
  const records = chooseKinds(undefined, 'kafka').flatMap((kind, index) => chunkOf(kind, index))
  await road.send(records, { key: 'uid' })
  const extras = new Set(records.filter(record => record.expected === 'valid').map(({ value }) => EXTRAS.findIndex(extra => String(value).includes(extra))))
  t.equal(extras.size, EXTRAS.length, 'everything that must pass is among the neighbours')
  t.ok(records.some(({ value, uid }) => value === null && uid !== undefined), 'a key without a value too')

  const service = await road.startService()
  await road.isWorkedOff([service])
  const { proof, problems } = await road.prove()
  t.equal(problems, '')
  t.equal(proof.produced.records, records.length)
  t.equal((await service.metrics()).sum('penstock_examiner_failures_total'), 0)
  t.equal(await service.stop(), 0, 'exit code', { log: service.tail })
})

t.test('records of 1, 2, 12 and 50 megabytes become dead letters with all their bytes where these fit', async t => {
  const road = await EventsRoad.create(t, { name: 'large-input', servers, partitions: 1, knobs: { KAFKA_MAX_MESSAGE_BYTES: String(RAISED_BYTES) } })
  const large = INVALID_KINDS.filter(kind => kind.large)
  t.ok(large.length >= 4)
  await road.send(large.flatMap((kind, index) => chunkOf(kind, index).slice(2, 5)), { key: 'uid' })
  const service = await road.startService()
  await road.isWorkedOff([service])
  t.equal((await road.prove()).problems, '')
  t.ok((await road.readDeadLetters()).every(letter => headersOf(letter)[DEAD_LETTER_HEADERS.truncated] === undefined), 'none is truncated')
  t.equal(await service.stop(), 0, 'exit code', { log: service.tail })
})

t.test('a record that does not fit into the dead-letter topic becomes a truncated dead letter, with its size and hash', async t => {
  const road = await EventsRoad.create(t, {
    name: 'narrow', servers, partitions: 1, deadLetterMaxBytes: NARROW_BYTES, knobs: { KAFKA_MAX_MESSAGE_BYTES: String(4 * NARROW_BYTES) }
  })
  const records = chunkOf(NOISE, 0)
  await road.send(records, { key: 'uid' })
  const service = await road.startService()
  await road.isWorkedOff([service])
  t.equal((await road.prove()).problems, '', 'its reason, origin and hash are right, and its neighbours pass')

  const letters = await road.readDeadLetters()
  const bad = records.filter(({ expected }) => expected !== 'valid')
  t.equal(letters.length, bad.length)
  for (const letter of letters) {
    const value = bad.find(record => record.uid === String(letter.key))?.value ?? Buffer.alloc(0)
    t.match(headersOf(letter), {
      [DEAD_LETTER_HEADERS.reason]: 'TOO_LARGE',
      [DEAD_LETTER_HEADERS.truncated]: 'TOO_LARGE_FOR_DEAD_LETTER',
      [DEAD_LETTER_HEADERS.originalBytes]: String(value.length),
      [DEAD_LETTER_HEADERS.originalSha256]: hash('sha256', value)
    })
    t.ok(letter.value?.equals(value.subarray(0, TRUNCATED_BYTES)), 'it begins as the record does')
  }
  t.equal(await service.stop(), 0, 'exit code', { log: service.tail })
})

/** Bad and good records in the places of a chunk; the good ones have something that must pass. */
function chunkOf (kind: InvalidKind, chunk: number): GeneratedRecord[] {
  return CHUNK.map((which, place) => {
    const index = chunk * CHUNK.length + place
    const record = generateRecord({ seed: 1, invalidShare: 0, kinds: [], extraShare: 0 }, index)
    if (which === 'bad') {
      return { ...record, kind: kind.name, expected: kind.expected, value: kind.make(JSON.parse(String(record.value)) as GeneratedEvent) }
    }
    const text = `${String(record.value).slice(0, -1)},${EXTRAS[index % EXTRAS.length] ?? ''}}`
    return { ...record, kind: 'valid-with-extras', value: Buffer.from(text) }
  })
}

function headersOf ({ headers }: { readonly headers: ReadonlyArray<readonly [string, unknown]> }): Record<string, string> {
  return Object.fromEntries(headers.map(([name, value]) => [name, String(value)]))
}
