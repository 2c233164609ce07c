import { createHash } from 'node:crypto'
import { BatchWriteItemCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs'
import { marshall } from '@aws-sdk/util-dynamodb'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { batchWriteBody } from '../../../../src/connectors/dynamodb/signed-batch-writer.js'
import { itemBytes } from '../../../../src/connectors/dynamodb/row.js'
import { batchSendBody } from '../../../../src/connectors/sqs/signed-batch-sender.js'
import { systemClock } from '../../../../src/engine/clock.js'
import { type SourceRecord } from '../../../../src/engine/record.js'
import { EXTRAS } from '../../../../src/generator/valid-event.js'
import { type EncodedEvent } from '../../../../src/pipelines/events/encoded-events.js'
import { createEventsExaminer, type EventsExaminer } from '../../../../src/pipelines/events/examiner.js'
import { type MessageGroup } from '../../../../src/pipelines/events/message-group.js'
import { CapturingServer } from '../../../helpers/capturing-server.js'
import { LIMITS, recordOf } from '../../../fixtures/events.js'
import { EVENT } from '../../../fixtures/event.js'

/**
 * What the workers write must arrive as it would by the plain road, which is written here once more with none of the
 * pipeline's code: parsed, marshalled by the SDK's own marshaller, and sent by the SDK to a server that keeps it.
 */

const server = await CapturingServer.start()
const client = { region: 'eu-west-1', endpoint: server.endpoint, credentials: { accessKeyId: 'a', secretAccessKey: 'b' }, maxAttempts: 1 }
const dynamodb = new DynamoDBClient(client)
const sqs = new SQSClient({ ...client, md5: false, useQueueUrlAsEndpoint: false })
t.teardown(async () => {
  dynamodb.destroy()
  sqs.destroy()
  await server.close()
})

const TABLE = 'events'
const CALL_RECORDS = 10
const QUEUE_URL = 'http://sqs/000000000000/client.fifo'

type PlainEvent = Record<'uid' | 'context' | 'event_type' | 'client' | 'created_at', string>

interface Sent {
  readonly item: unknown
  readonly entry: Readonly<Record<string, string>>
}

type GroupOf = (event: PlainEvent, record: SourceRecord) => string

async function plainly (records: readonly SourceRecord[], groupOf: GroupOf): Promise<Sent[]> {
  const sent: Sent[] = []
  for (let start = 0; start < records.length; start += CALL_RECORDS) {
    const wanted = records.slice(start, start + CALL_RECORDS).map(record => want(record, groupOf))
    await dynamodb.send(new BatchWriteItemCommand({ RequestItems: { [TABLE]: wanted.map(({ item }) => ({ PutRequest: { Item: item } })) } }))
    await sqs.send(new SendMessageBatchCommand({ QueueUrl: QUEUE_URL, Entries: wanted.map(({ entry }, index) => ({ ...entry, Id: String(index) })) }))
    const [write = '', send = ''] = server.take()
    sent.push(...sentBy(write, send))
  }
  return sent
}

function want (record: SourceRecord, groupOf: GroupOf) {
  const text = String(record.value)
  const event = JSON.parse(text) as PlainEvent
  const item = marshall({
    UUID: event.uid,
    Context: event.context,
    EventType: event.event_type,
    Client: event.client,
    CreatedAt: event.created_at,
    ...(Object.keys(event).length > 5 ? { Event: text } : {}),
    SourcePartition: record.partition,
    SourceOffset: record.offset
  })
  const body = text.replaceAll('\uFFFE', '\\ufffe').replaceAll('\uFFFF', '\\uffff')
  return {
    item,
    entry: { MessageBody: body, MessageGroupId: groupOf(event, record), MessageDeduplicationId: createHash('sha256').update(body).digest('hex') }
  }
}

function directly (events: readonly EncodedEvent[]): Sent[] {
  const sent: Sent[] = []
  for (let start = 0; start < events.length; start += CALL_RECORDS) {
    const call = events.slice(start, start + CALL_RECORDS)
    sent.push(...sentBy(batchWriteBody(TABLE, call).toString(), batchSendBody(QUEUE_URL, call).toString()))
  }
  return sent
}

function sentBy (write: string, send: string): Sent[] {
  const { RequestItems: items } = JSON.parse(write) as { RequestItems: Record<string, Array<{ PutRequest: { Item: unknown } }>> }
  const { Entries: entries } = JSON.parse(send) as { Entries: Array<Record<string, string>> }
  return entries.map((entry, index) => ({ item: items[TABLE]?.[index]?.PutRequest.Item, entry }))
}

const byPartition: GroupOf = (event, record) => `${event.client}:${record.partition}`

async function agrees (t: Test, examiner: EventsExaminer, records: readonly SourceRecord[], groupOf = byPartition): Promise<void> {
  const verdicts = await examiner.examine(records)
  const events = verdicts.map(verdict => {
    if (verdict.class === 'poison') throw new Error(`${verdict.code}: ${verdict.detail}`)
    return verdict.payload
  })
  const [sent, expected] = [directly(events), await plainly(records, groupOf)]
  for (const [index, event] of events.entries()) {
    t.strictSame(sent[index], expected[index], `record ${index}`)
    const { item, entry: { MessageBody: body = '' } } = expected[index]!
    t.equal(event.itemBytes, itemBytes(item as Parameters<typeof itemBytes>[0]), `the item's size, record ${index}`)
    t.equal(event.bytes, Buffer.byteLength(body), `the body's size, record ${index}`)
    t.equal(event.md5, createHash('md5').update(body).digest('hex'), `the body's digest, record ${index}`)
  }
}

/** Any strings pass; what the shipped schema forbids as well. */
function createExaminer (t: Test, threads: number, messageGroup: MessageGroup = 'partition'): EventsExaminer {
  const examiner = createEventsExaminer({
    schema: {}, schemaSource: 'any', limits: LIMITS, messageGroup, threads, timeoutMs: 20_000, retryTimeoutMs: 20_000, clock: systemClock
  })
  t.teardown(() => examiner.close())
  return examiner
}

function withExtra (extra: string): string {
  return `${JSON.stringify(EVENT).slice(0, -1)},${extra}}`
}

/** One string for each 4,096 characters of Unicode, without the surrogates. */
function everyCharacter (): string[] {
  const texts: string[] = []
  for (let start = 0; start < 0x11_0000; start += 0x1000) {
    if (start >= 0xD800 && start < 0xE000) continue
    texts.push(Array.from({ length: start === 0xD000 ? 0x800 : 0x1000 }, (_, offset) => String.fromCodePoint(start + offset)).join(''))
  }
  return texts
}

const AWKWARD = ['"', '\\', '/', '\n', '\u0000', '\u007F', 'é', '\uD800\uDC00', '\uFF21', '\uFFFD', '\uFFFE', '\uFFFF', 'x']

const CORPUS = [
  JSON.stringify(EVENT),
  ` \t\r\n${JSON.stringify(EVENT, null, '\t')}\r\n `,
  JSON.stringify(EVENT).replaceAll('Client', '\\u0043lient').replaceAll('-', '\\u002D'),
  ...EXTRAS.map(withExtra),
  ...everyCharacter().map(text => withExtra(`"note":${JSON.stringify(text)}`)),
  ...['\\"', '\\\\', '\\/', '\\b', '\\f', '\\n', '\\r', '\\t', '\\u0000', '\\u001f', '\\u007f', '\\ud83d\\ude00', '\\ud800', '\\udc00\\ud800', '\\uFFFE\\uffff', '\u2028\u2029', '\uFEFF']
    .map(escape => withExtra(`"note":"a${escape}b${escape}"`)),
  ...['-0', '1e400', '-1E-400', '0.1000000000000000055511151231257827', '123456789012345678901234567890', '9007199254740993', '1E+2', 'null', 'true', '[]', '{}', '""', '[[[[[]]]]]']
    .map(value => withExtra(`"note":${value}`)),
  withExtra(`"deep":${'['.repeat(60)}${']'.repeat(60)}`),
  withExtra('"a":{"uid":1,"b":{"uid":2}},"c":[{"k":1},{"k":2}],"":{"":""},"toString":1'),
  withExtra('"\uFFFE":"\uFFFF","\\uffff":"\\ufffe"'),
  withExtra(`"large":"${'x'.repeat(256 * 1024)}"`),
  withExtra(`"large":"${'\\"\u{1F600}é\uFFFE'.repeat(20_000)}"`),
  `{"note":{"uid":"no"},${JSON.stringify(EVENT).slice(1)}`,
  JSON.stringify({ ...EVENT, client: '', context: '', event_type: '', created_at: '' }),
  JSON.stringify({ ...EVENT, uid: '', client: 'ü "quoted" \\ \n\u0001\u007f', context: '\uFFFE', event_type: '\u{10FFFF}\uFFFF', created_at: '\u2028' }),
  ...everyCharacter().map(text => JSON.stringify({ ...EVENT, uid: text.slice(0, 600), client: text.slice(600, 700), context: text.slice(700, 800) }))
]

for (const threads of [1, 0]) {
  const where = threads === 0 ? 'on the calling thread' : 'in the pool'

  t.test(`every character, escape, number and shape arrives as by the plain road, encoded ${where}`, async t => {
    const records = CORPUS.map((text, index) => ({ ...recordOf(text, index % 3 === 0 ? index : index * 10 ** 9), partition: index % 200 }))
    await agrees(t, createExaminer(t, threads), records)
  })

  t.test(`so do random events, encoded ${where}`, async t => {
    const examiner = createExaminer(t, threads)
    const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 40 }), fc.string({ unit: fc.constantFrom(...AWKWARD) }), fc.uuid())
    const event = fc.record({ uid: text, context: text, event_type: text, client: text, created_at: text, extra: fc.oneof(fc.jsonValue({ stringUnit: 'binary' }), text) }, { requiredKeys: ['uid', 'context', 'event_type', 'client', 'created_at'] })
    const record = fc.record({ event, space: fc.constantFrom('', ' ', '\t', '\n'), partition: fc.nat(1_000), offset: fc.maxSafeNat() })
    await fc.assert(fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 40 }), async chunk => {
      await agrees(t, examiner, chunk.map(({ event, space, partition, offset }) => ({ ...recordOf(JSON.stringify(event, null, space), offset), partition })))
    }), { numRuns: 25, seed: 20_261_121 })
  })

  for (const [messageGroup, groupOf] of Object.entries({
    client: event => event.client,
    uid: event => /^[!-~]{1,128}$/.test(event.uid) ? event.uid : createHash('sha256').update(event.uid).digest('hex'),
    key: (event, { key, partition }) => {
      if (key === null) return `${event.client}:${partition}`
      const text = key.toString('base64url')
      return /^[!-~]{1,128}$/.test(text) ? text : createHash('sha256').update(text).digest('hex')
    }
  } satisfies Record<string, GroupOf>)) {
    t.test(`message groups of the ${messageGroup}, encoded ${where}`, async t => {
      const keys = [null, Buffer.alloc(0), Buffer.from('key'), Buffer.from([0xFF, 0x00]), Buffer.alloc(500, 'k')]
      const uids = ['a', 'a b', 'ü', 'x'.repeat(128), 'x'.repeat(129)]
      const records = keys.flatMap((key, index) => uids.map((uid, place) => ({
        ...recordOf(JSON.stringify({ ...EVENT, uid, client: `client ${place}` }), index), key, partition: place
      })))
      await agrees(t, createExaminer(t, threads, messageGroup as MessageGroup), records, groupOf)
    })
  }
}
