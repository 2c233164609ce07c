import { isUtf8 } from 'node:buffer'
import fc from 'fast-check'
import t from 'tap'
import { type SchemaEntry } from '../../../../src/connectors/schema-registry/schema-cache.js'
import { type Poison } from '../../../../src/engine/outcome.js'
import { type RoutedRecord, unpackRouted } from '../../../../src/pipelines/routing/routed-messages.js'
import { RoutingChunks, type RoutingChunksOptions, type RoutingContext } from '../../../../src/pipelines/routing/routing-chunks.js'
import { CHUNKS, CONTEXT, DESTINATIONS, entriesOf, framed, ID, longs, OUTPUT, RECORD, TEXTS, typeOf, V1, V2, V3, valueOf, withFields } from '../../../fixtures/avro.js'

const OUTPUTS = DESTINATIONS.map(name => ({ name, topic: `to.${name}` }))

interface Sent {
  readonly to: string
  readonly id: number
  readonly message: Record<string, unknown>
}

/** What becomes of values: the messages that would be sent of each, or why there are none. */
function examine (values: ReadonlyArray<Buffer | null>, options: Partial<RoutingChunksOptions> = {}, context: Partial<RoutingContext> = {}): Array<Sent[] | Poison> {
  const chunks = new RoutingChunks({ ...CHUNKS, ...options })
  const all = { ...CONTEXT, ...context }
  chunks.begin(all)
  const refusals = values.map(value => chunks.examine(value))
  const records = unpackRouted(chunks.end(), OUTPUTS)
  let next = 0
  return refusals.map(refusal => refusal ?? sentOf(records[next++]!, all))
}

function sentOf (record: RoutedRecord, { schemas }: RoutingContext): Sent[] {
  return (record.branches ?? [record]).map(({ output, value }) => {
    const id = value.readInt32BE(1)
    const schema = schemas.get(id) as SchemaEntry & { state: 'known' }
    return { to: output.name, id, message: { ...typeOf(schema.text).fromBuffer(value.subarray(5)) as object } }
  })
}

const EXPECTED = {
  producer_service_id: '123456',
  processor_service_id: 'event-processor-1',
  destination_type: 'FINANCE',
  producer_event_timestamp: 1_700_000_000_123,
  processor_event_timestamp: 1_800_000_000_456,
  payload: '{"amount": 12.5, "note": "grüße 🐟"}'
}

t.test('a record becomes the message of its destination, framed with the id of its schema', async t => {
  t.strictSame(examine([valueOf(ID.v1)]), [[{ to: 'FINANCE', id: ID.output, message: EXPECTED }]])
})

t.test('a producer one version behind, level or ahead keeps working', async t => {
  const ahead = { ...RECORD, destination_service_types: [], priority: { low: 1 } }
  const values = [valueOf(ID.v1), valueOf(ID.v2, { ...RECORD, destination_service_types: [] }), valueOf(ID.v3, ahead), valueOf(ID.v1)]
  const expected = [{ to: 'FINANCE', id: ID.output, message: EXPECTED }]
  t.strictSame(examine(values), [expected, expected, expected, expected])
  t.strictSame(examine(values, { readerSchema: V1 }), [expected, expected, expected, expected], 'read by a pipeline of the first version')
})

t.test('a pipeline of the first version sends to the one destination that it knows of', async t => {
  const value = valueOf(ID.v2, { ...RECORD, destination_service_types: ['marketing'] })
  t.match(examine([value], { readerSchema: V1 }), [[{ to: 'FINANCE' }]])
})

t.test('destinations compare without case, and the message keeps the spelling of its record', async t => {
  const names = ['finance', 'FINANCE', 'Marketing', 'LOGISTICS', 'überSEEhandel']
  const sent = examine(names.map(name => valueOf(ID.v1, { ...RECORD, destination_service_type: name }))) as Array<[Sent]>
  t.strictSame(sent.map(([{ to }]) => to), ['FINANCE', 'FINANCE', 'marketing', 'Logistics', 'Überseehandel'])
  t.strictSame(sent.map(([{ message }]) => message.destination_type), names)
})

t.test('a record that names several destinations goes to each once', async t => {
  const several = (one: string, ...types: string[]) => valueOf(ID.v2, { ...RECORD, destination_service_type: one, destination_service_types: types })
  const [both, array, repeated, blank] = examine([
    several('finance', 'MARKETING', 'logistics'), several('', 'logistics', 'finance'), several('finance', 'FINANCE', 'marketing', 'Finance'), several('', '', 'finance')
  ]) as Sent[][]
  t.strictSame(both!.map(({ to, message }) => [to, message.destination_type]), [['FINANCE', 'finance'], ['marketing', 'MARKETING'], ['Logistics', 'logistics']])
  t.strictSame(array!.map(({ to }) => to), ['Logistics', 'FINANCE'])
  t.strictSame(repeated!.map(({ to, message }) => [to, message.destination_type]), [['FINANCE', 'finance'], ['marketing', 'marketing']])
  t.strictSame(blank!.map(({ to }) => to), ['FINANCE'])
  t.strictSame(both![1]!.message, { ...EXPECTED, destination_type: 'MARKETING' })
})

t.test('no destination, and one that is not configured, are poison; the record goes nowhere then', async t => {
  const of = (one: string, types: string[]) => valueOf(ID.v2, { ...RECORD, destination_service_type: one, destination_service_types: types })
  const values = [of('', []), of('', ['', '']), of('treasury', []), of('FINANCE', ['treasury']), of('FINANCE ', []), of('__proto__', []), of('constructor', [])]
  t.match(examine(values), [
    { code: 'NO_DESTINATION' }, { code: 'NO_DESTINATION' }, { code: 'UNKNOWN_DESTINATION' }, { code: 'UNKNOWN_DESTINATION' }, { code: 'UNKNOWN_DESTINATION' },
    { code: 'UNKNOWN_DESTINATION' }, { code: 'UNKNOWN_DESTINATION' }
  ])
})

const body = valueOf(ID.v1).subarray(5)
const bodyOfV2 = valueOf(ID.v2, { ...RECORD, destination_service_types: [] }).subarray(5)
const notUtf8 = Buffer.from(body)
notUtf8[1] = 0xFF
const ENDLESS = 90
const LOOPING = withFields(V1, { name: 'extra', type: { type: 'array', items: 'long' }, default: [] })

const MALFORMED: ReadonlyArray<readonly [kind: string, value: Buffer | null, code: string]> = [
  ['a tombstone', null, 'EMPTY_VALUE'],
  ['no bytes', Buffer.alloc(0), 'EMPTY_VALUE'],
  ['JSON', Buffer.from(JSON.stringify(RECORD)), 'NO_SCHEMA_ID'],
  ['another magic byte', Buffer.concat([Buffer.from([1]), valueOf(ID.v1).subarray(1)]), 'NO_SCHEMA_ID'],
  ['half a frame', Buffer.from([0, 0, 0]), 'NO_SCHEMA_ID'],
  ['a negative id', framed(-1, body), 'NO_SCHEMA_ID'],
  ['a frame and nothing else', framed(ID.v1, Buffer.alloc(0)), 'NOT_AVRO'],
  ['cut in the middle', valueOf(ID.v1).subarray(0, 20), 'NOT_AVRO'],
  ['cut before the last byte', valueOf(ID.v1).subarray(0, -1), 'NOT_AVRO'],
  ['a byte too many', framed(ID.v1, Buffer.concat([body, Buffer.from([0])])), 'NOT_AVRO'],
  ['two records', framed(ID.v1, Buffer.concat([body, body])), 'NOT_AVRO'],
  ['written with another version than it says', framed(ID.v1, bodyOfV2), 'NOT_AVRO'],
  ['the schema of another record', framed(ID.output, typeOf(OUTPUT).toBuffer(EXPECTED)), 'WRONG_SCHEMA'],
  ['a string of 2 GB', framed(ID.v1, longs(2 ** 31)), 'NOT_AVRO'],
  ['a string of negative length', framed(ID.v1, longs(-7)), 'NOT_AVRO'],
  ['text that is not UTF-8', framed(ID.v1, notUtf8), 'NOT_UTF8'],
  ['a varint without an end', framed(ID.v1, Buffer.alloc(500_000, 0x80)), 'NOT_AVRO'],
  ['a huge block count', framed(ID.v2, Buffer.concat([bodyOfV2.subarray(0, -1), longs(2 ** 31)])), 'NOT_AVRO'],
  ['a block count that allocates', framed(ID.v2, Buffer.concat([bodyOfV2.subarray(0, -1), longs(30_000_000, 0)])), 'NOT_AVRO'],
  ['a negative block count and size', framed(ID.v2, Buffer.concat([bodyOfV2.subarray(0, -1), longs(-(2 ** 31), -2)])), 'NOT_AVRO'],
  ['a block that leads backwards in a field that is skipped', framed(ENDLESS, Buffer.concat([body, longs(-1, -2)])), 'NOT_AVRO'],
  ['a time beyond 2^53', framed(ID.v1, timestamped(Buffer.from('ffffffffffffffffff01', 'hex'))), 'NOT_AVRO'],
  ['larger than MAX_RECORD_BYTES', framed(ID.v1, Buffer.alloc(CHUNKS.maxRecordBytes)), 'TOO_LARGE']
]

/** A schema whose fields have other types. */
function withTypes (schema: string, types: Readonly<Record<string, unknown>>): string {
  const { fields, ...named } = JSON.parse(schema) as { fields: Array<{ name: string, type: unknown, default?: unknown }> }
  return JSON.stringify({ ...named, fields: fields.map(({ name, type }) => ({ name, type: types[name] ?? type })) })
}

/** The record with other bytes for its time. */
function timestamped (bytes: Buffer): Buffer {
  const { origin_service_id: id, origin_service_type: type, destination_service_type: destination, payload } = RECORD
  const string = (text: string): Buffer => typeOf('"string"').toBuffer(text)
  return Buffer.concat([string(id), string(type), string(destination), bytes, string(payload)])
}

t.test('every kind of malformed value is poison with its reason, at once, and leaves its neighbours as they are', async t => {
  const schemas = entriesOf(new Map([...TEXTS, [ENDLESS, LOOPING]]))
  const neighbour = valueOf(ID.v2, { ...RECORD, destination_service_types: ['marketing'] })
  const [untouched] = examine([neighbour])
  for (const [kind, value, code] of MALFORMED) {
    const startedAt = performance.now()
    for (const place of [0, 1, 2]) {
      const found = examine([neighbour, neighbour].toSpliced(place, 0, value!), {}, { schemas })
      t.match(found[place], { class: 'poison', code }, `${kind} at ${place}`)
      t.strictSame(found.toSpliced(place, 1), [untouched, untouched], `neighbours of ${kind} at ${place}`)
    }
    t.ok(performance.now() - startedAt < 500, `${kind} takes no time`)
  }
})

t.test('no reason of a refusal holds a part of its value', async t => {
  const secret = 'hunter2'
  const record = { ...RECORD, origin_service_id: secret, destination_service_type: secret, payload: secret }
  const [found] = examine([framed(ID.v1, Buffer.concat([valueOf(ID.v1, record).subarray(5), Buffer.from(secret)]))]) as Poison[]
  t.equal(found?.code, 'NOT_AVRO')
  t.notMatch(JSON.stringify([found, ...examine([valueOf(ID.v1, record)])]), secret)
})

t.test('a schema that is no Avro, no record, or lacks a field that has no default, is the wrong one', async t => {
  const { fields, ...named } = JSON.parse(V1) as { fields: Array<{ name: string }> }
  const texts = ['no JSON', '"string"', '{"type": "recod"}', JSON.stringify({ ...named, fields: fields.filter(({ name }) => name !== 'payload') })]
  for (const text of texts) t.match(examine([framed(ENDLESS, body)], {}, { schemas: entriesOf(new Map([...TEXTS, [ENDLESS, text]])) }), [{ code: 'WRONG_SCHEMA' }], text)
})

t.test('an id that the registry does not know is poison, and may be known the next time', async t => {
  const chunks = new RoutingChunks(CHUNKS)
  const examineOnce = (schema: SchemaEntry): Poison | undefined => {
    chunks.begin({ ...CONTEXT, schemas: new Map([...CONTEXT.schemas, [ENDLESS, schema]]) })
    return chunks.examine(framed(ENDLESS, body))
  }
  t.match(examineOnce({ state: 'unknown', since: 0 }), { code: 'UNKNOWN_SCHEMA' })
  t.equal(examineOnce({ state: 'known', text: V1 }), undefined)
  t.equal(examineOnce({ state: 'unknown', since: 0 }), undefined, 'what was known stays known')
})

t.test('a schema of another kind is the wrong one', async t => {
  t.match(examine([framed(ENDLESS, body)], {}, { schemas: new Map([...CONTEXT.schemas, [ENDLESS, { state: 'foreign' }]]) }), [{ code: 'WRONG_SCHEMA' }])
})

t.test('a writer may leave out what has a default, and turn its fields around', async t => {
  const { fields, ...named } = JSON.parse(V2) as { fields: Array<{ name: string }> }
  const later = JSON.stringify({ ...named, fields: fields.filter(({ name }) => name !== 'destination_service_type').reverse() })
  const value = framed(ENDLESS, typeOf(later).toBuffer({ ...RECORD, destination_service_types: ['finance'] }))
  t.match(examine([value], {}, { schemas: entriesOf(new Map([...TEXTS, [ENDLESS, later]])) }), [[{ to: 'FINANCE', message: { payload: RECORD.payload } }]])
})

t.test('a message is written by the schema of its destination, with defaults for what is not ours', async t => {
  const other = withFields(OUTPUT, { name: 'region', type: 'string', default: 'eu' }, { name: 'note', type: ['null', 'string'], default: null })
  const [sent] = examine([valueOf(ID.v1)], {}, { schemas: entriesOf(new Map([...TEXTS, [ENDLESS, other]])), outputSchemaIds: [ENDLESS, ID.output, ID.output, ID.output] })
  t.strictSame(sent, [{ to: 'FINANCE', id: ENDLESS, message: { ...EXPECTED, region: 'eu', note: null } }])
})

t.test('a message is what decoding and encoding make of its record, byte by byte', async t => {
  const { fields, ...named } = JSON.parse(V3) as { fields: object[] }
  const turned = JSON.stringify({ ...named, fields: fields.toReversed() })
  const writers = new Map([...TEXTS, [ENDLESS, turned]])
  const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 200 }), fc.constant('ü'.repeat(40)))
  const record = fc.record({
    origin_service_id: text,
    origin_service_type: text,
    destination_service_type: fc.constantFrom('FINANCE', 'finance', 'überSEEhandel'),
    event_timestamp: fc.oneof(fc.maxSafeInteger(), fc.integer()),
    payload: text,
    destination_service_types: fc.constant([]),
    priority: fc.oneof(fc.constant(null), fc.dictionary(fc.string(), fc.integer()))
  })
  const writer = fc.constantFrom(ID.v1, ID.v2, ID.v3, ENDLESS)
  fc.assert(fc.property(fc.array(fc.tuple(writer, record), { minLength: 1, maxLength: 5 }), written => {
    const chunks = new RoutingChunks(CHUNKS)
    chunks.begin({ ...CONTEXT, schemas: entriesOf(writers) })
    for (const [id, each] of written) t.equal(chunks.examine(framed(id, typeOf(writers.get(id)!).toBuffer(each))), undefined)
    const { bytes } = chunks.end()
    const expected = written.map(([, each]) => framed(ID.output, typeOf(OUTPUT).toBuffer({
      producer_service_id: each.origin_service_id,
      processor_service_id: CHUNKS.processorId,
      destination_type: each.destination_service_type,
      producer_event_timestamp: each.event_timestamp,
      processor_event_timestamp: CONTEXT.processedAt,
      payload: each.payload
    })))
    return Buffer.concat(expected).equals(Buffer.from(bytes))
  }))
})

t.test('a number in more bytes than it needs is written in as few as it needs', async t => {
  const [plain] = examine([valueOf(ID.v1)])
  const chunks = new RoutingChunks(CHUNKS)
  const bytesOf = (value: Buffer): Buffer => {
    chunks.begin(CONTEXT)
    t.equal(chunks.examine(value), undefined)
    return Buffer.from(chunks.end().bytes)
  }
  const time = typeOf('"long"').toBuffer(RECORD.event_timestamp)
  const longer = Buffer.concat([time, Buffer.from([0])])
  longer[time.length - 1]! |= 0x80
  const id = Buffer.concat([Buffer.from([RECORD.origin_service_id.length * 2 | 0x80, 0]), body.subarray(1)])
  for (const value of [framed(ID.v1, timestamped(longer)), framed(ID.v1, id)]) {
    t.strictSame(examine([value]), [plain])
    t.strictSame(bytesOf(value), bytesOf(valueOf(ID.v1)))
  }
})

t.test('a field that was written as another type is converted', async t => {
  const promoted = withTypes(V1, { origin_service_type: 'bytes', event_timestamp: 'int', payload: 'bytes' })
  const schemas = entriesOf(new Map([...TEXTS, [ENDLESS, promoted]]))
  const record = { ...RECORD, origin_service_type: Buffer.from('financial'), event_timestamp: 1_700_000_000, payload: Buffer.from(RECORD.payload) }
  t.strictSame(examine([framed(ENDLESS, typeOf(promoted).toBuffer(record))], {}, { schemas }), [
    [{ to: 'FINANCE', id: ID.output, message: { ...EXPECTED, producer_event_timestamp: 1_700_000_000 } }]
  ])
  const noText = { ...record, payload: Buffer.from([0x61, 0xFF]) }
  t.match(examine([framed(ENDLESS, typeOf(promoted).toBuffer(noText))], {}, { schemas }), [[{ message: { payload: 'a\uFFFD' } }]], 'a string is always text')
  const plain = new RoutingChunks(CHUNKS)
  plain.begin({ ...CONTEXT, schemas })
  t.equal(plain.examine(framed(ENDLESS, typeOf(promoted).toBuffer(noText))), undefined)
  t.ok(isUtf8(Buffer.from(plain.end().bytes).subarray(-4)), 'and so are the bytes that are sent')
})

t.test('the same task gives the same bytes, again and again', async t => {
  const chunks = new RoutingChunks(CHUNKS)
  const run = () => {
    chunks.begin(CONTEXT)
    for (const value of [valueOf(ID.v1), Buffer.from([0]), valueOf(ID.v2, { ...RECORD, destination_service_types: ['marketing'] })]) chunks.examine(value)
    return chunks.end()
  }
  const first = run()
  chunks.begin(CONTEXT)
  chunks.examine(valueOf(ID.v1)) // A chunk that does not come to its end.
  t.strictSame(run(), first)
})

t.test('messages of any size are written, in memory of their size', async t => {
  const payloads = [10, 300_000, 0, 900_000].map(length => 'ü'.repeat(length / 2))
  const sent = examine(payloads.map(payload => valueOf(ID.v1, { ...RECORD, payload }))) as Array<[Sent]>
  t.strictSame(sent.map(([{ message }]) => message.payload), payloads)
})

t.test('a record that stays for long keeps the bytes of its own messages and no others', async t => {
  const chunks = new RoutingChunks(CHUNKS)
  chunks.begin(CONTEXT)
  for (const types of [[], ['marketing', 'logistics'], []]) chunks.examine(valueOf(ID.v2, { ...RECORD, destination_service_types: types }))
  const [first, several, last] = unpackRouted(chunks.end(), OUTPUTS) as [RoutedRecord, RoutedRecord, RoutedRecord]
  for (const record of [first, several, last]) {
    const before = sentOf(record, CONTEXT)
    const chunkBytes = record.value.buffer.byteLength
    record.detach()
    t.strictSame(sentOf(record, CONTEXT), before)
    t.ok(record.value.buffer.byteLength < chunkBytes)
    record.detach()
    t.strictSame(sentOf(record, CONTEXT), before)
  }
  t.equal(first.bytes, first.value.length)
  t.equal(last.value.buffer.byteLength, last.value.length)
})
