import t from 'tap'
import { type SourceRecord } from '../../../../src/engine/record.js'
import { fifoId } from '../../../../src/connectors/sqs/fifo-id.js'
import { HandOverIds } from '../../../../src/connectors/sqs/hand-over-ids.js'
import { decodeEnvelope, encodeEnvelope } from '../../../../src/connectors/sqs/retry-envelope.js'
import { SdkBatchSender } from '../../../../src/connectors/sqs/sdk-batch-sender.js'
import { createRetrySendStage } from '../../../../src/connectors/sqs/retry-send-stage.js'
import { flightOf } from '../flights.js'
import { FAILURE, fakeQueue, RECORD } from './fake-retry-queue.js'

t.test('every byte comes back as it was', async t => {
  const everyByte = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
  const values = [Buffer.from('plain'), Buffer.alloc(0), null, everyByte, Buffer.from('\uFFFE\uFFFF\u0000\u0008😀\uFEFF'), Buffer.from('\uFEFFbom'), Buffer.from('{"base64":"x"}')]
  for (const value of values) {
    const record: SourceRecord = { ...RECORD, value, key: value, headers: [['h', value], ['h', Buffer.from('again')]] }
    const body = encodeEnvelope({ record, failure: FAILURE })
    t.strictSame(decodeEnvelope(body), { record, failure: FAILURE })
    t.notMatch(body, /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u, 'only characters that SQS takes')
  }
})

t.test('calls without an answer are known after a hand-over, and older messages still decode', async t => {
  const unansweredAt = { queues: 1_700_000_000_000 }
  t.strictSame(decodeEnvelope(encodeEnvelope({ record: RECORD, failure: FAILURE, unansweredAt })), { record: RECORD, failure: FAILURE, unansweredAt })
  const wire: Record<string, unknown> = JSON.parse(encodeEnvelope({ record: RECORD, failure: FAILURE }))
  t.notOk('unansweredAt' in wire)
  t.strictSame(decodeEnvelope(JSON.stringify({ ...wire, unansweredAt: { queues: 'x', table: 1 } })).unansweredAt, { table: 1 })
})

t.test('what is no envelope is refused without quoting it', async t => {
  for (const body of ['SECRET', '{"v":2}', '[]', 'null', '{"v":1,"topic":"SECRET"}', JSON.stringify({ v: 1, topic: 'a', partition: 0, offset: 0, timestamp: 0, headers: [], key: null, value: 7 })]) {
    t.throws(() => decodeEnvelope(body), { name: 'AppError' })
    try { decodeEnvelope(body) } catch (error) { t.notMatch(String(error), /SECRET/) }
  }
})

t.test('ids that SQS does not take are hashed', async t => {
  t.equal(fifoId('Client_A:3'), 'Client_A:3')
  for (const text of ['', 'with blank', 'é', 'x'.repeat(129)]) t.match(fifoId(text), /^[0-9a-f]{64}$/)
  t.not(fifoId('a b'), fifoId('a  b'))
})

t.test('a hand-over says how often and when, under an id of its own for each pass', async t => {
  const queue = fakeQueue()
  const stage = createRetrySendStage<string>({
    sender: new SdkBatchSender(queue.sqs.client, queue.sqs.callTimeoutMs),
    queues: queue.queues,
    batch: { maxRecords: 10, maxBytes: 1e6, lingerMs: 0 },
    concurrency: 1,
    groupOf: flight => flight.payload,
    restMs: retryCount => retryCount * 100
  })
  const flight = flightOf('some group', { record: RECORD })
  flight.failure = FAILURE
  flight.retryCount = 1
  flight.handedOverFrom = 1
  t.match(await stage.run([flight], new AbortController().signal), [{ class: 'done' }])
  flight.retryCount = 2
  await stage.run([flight], new AbortController().signal)
  const [first, second] = queue.of('SendMessageBatch').map(call => call.input.Entries?.[0])
  t.match(first, {
    MessageDeduplicationId: 'events:3:42:1',
    MessageGroupId: fifoId('some group'),
    MessageAttributes: { RetryCount: { DataType: 'Number', StringValue: '1' }, NotBefore: { StringValue: '2100' } }
  })
  t.match(second, { MessageDeduplicationId: 'events:3:42:2', MessageAttributes: { NotBefore: { StringValue: '2200' } } })
  const large = flightOf('g', { record: { ...RECORD, value: Buffer.alloc(900_000, 0xff) } })
  t.match(stage.check?.(large), { class: 'poison', code: 'MESSAGE_TOO_LARGE' })
})

t.test('a repeated send has the id of the first; a record whose row is not stored has another each time it is read', async t => {
  const ids = new HandOverIds<string>()
  const read = (handedOverFrom: number) => Object.assign(flightOf('', { record: RECORD }), { retryCount: 1, handedOverFrom })
  const [unstored, again] = [read(0), read(0)]
  t.match(ids.of(unstored), /^events:3:42:1:[-0-9a-f]{36}$/)
  t.equal(ids.of(unstored), ids.of(unstored))
  t.not(ids.of(again), ids.of(unstored))
  t.equal(ids.of(read(1)), ids.of(read(1)))
})
