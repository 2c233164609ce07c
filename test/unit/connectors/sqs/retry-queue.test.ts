import { createHash } from 'node:crypto'
import t from 'tap'
import { type Message, type SendMessageBatchRequestEntry, type SQSClient } from '@aws-sdk/client-sqs'
import { type Clock } from '../../../../src/engine/clock.js'
import { type ReplayMessage } from '../../../../src/engine/replay.js'
import { type SourceRecord } from '../../../../src/engine/record.js'
import { fifoId } from '../../../../src/connectors/sqs/fifo-id.js'
import { QueueDirectory } from '../../../../src/connectors/sqs/queue-directory.js'
import { decodeEnvelope, encodeEnvelope } from '../../../../src/connectors/sqs/retry-envelope.js'
import { RetryQueueReceiver } from '../../../../src/connectors/sqs/retry-queue-receiver.js'
import { SdkBatchSender } from '../../../../src/connectors/sqs/sdk-batch-sender.js'
import { createRetrySendStage, RETRY_QUEUE_KEY } from '../../../../src/connectors/sqs/retry-send-stage.js'
import { fakeClient, flightOf, serviceError } from '../flights.js'

const RECORD: SourceRecord = { topic: 'events', partition: 3, offset: 42, key: null, value: Buffer.from('{"a":"é"}'), headers: [], timestamp: 1 }
const FAILURE = { code: 'TIMEOUT', detail: 'slow', stage: 'table', firstAt: 1000, lastAt: 2000 } as const

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

/** A retry queue in memory, as far as the receiver and the stage use one. */
function fakeQueue (messages: Message[] = []) {
  const calls: Array<{ operation: string, input: { Entries?: Array<Record<string, unknown>>, MaxNumberOfMessages?: number } }> = []
  const answers = new Map<string, () => unknown>()
  const of = (operation: string) => calls.filter(call => call.operation === operation)
  const sqs = {
    client: fakeClient<SQSClient>(async (operation, input) => {
      calls.push({ operation, input })
      const answer = answers.get(operation)
      if (answer !== undefined) return answer()
      switch (operation) {
        case 'GetQueueUrl': return { QueueUrl: 'http://sqs/0/retry.fifo' }
        case 'GetQueueAttributes': return { Attributes: { FifoQueue: 'true' } }
        case 'ReceiveMessage': {
          if (messages.length > 0) return { Messages: messages.splice(0, (input as { MaxNumberOfMessages: number }).MaxNumberOfMessages) }
          return await new Promise(() => {})
        }
        case 'SendMessageBatch': {
          const { Entries: entries } = input as { Entries: SendMessageBatchRequestEntry[] }
          return { Successful: entries.map(entry => ({ Id: entry.Id, MD5OfMessageBody: md5(entry.MessageBody ?? '') })) }
        }
        default: return {}
      }
    }),
    callTimeoutMs: 1000
  }
  const queues = new QueueDirectory({ ...sqs, addresses: new Map([[RETRY_QUEUE_KEY, { name: 'retry.fifo' }]]) })
  return { sqs, queues, answers, of }
}

const md5 = (text: string) => createHash('md5').update(text).digest('hex')

function messageOf (id: string, { notBefore = 0, retryCount = '2', body = encodeEnvelope({ record: RECORD, failure: FAILURE }) } = {}): Message {
  return {
    MessageId: id,
    ReceiptHandle: `handle-${id}`,
    Body: body,
    MD5OfBody: md5(body),
    MessageAttributes: {
      RetryCount: { DataType: 'Number', StringValue: retryCount },
      NotBefore: { DataType: 'Number', StringValue: String(notBefore) }
    }
  }
}

/** Time that passes when told to. */
function testClock () {
  let now = 10_000
  const timers = new Set<{ at: number, callback: () => void }>()
  const clock: Clock = {
    now: () => now,
    wallTime: () => now,
    setTimer (callback, delayMs) {
      const timer = { at: now + delayMs, callback }
      timers.add(timer)
      return { clear: () => { timers.delete(timer) } }
    }
  }
  return {
    clock,
    pass (ms: number) {
      now += ms
      for (const timer of [...timers]) {
        if (timer.at > now) continue
        timers.delete(timer)
        timer.callback()
      }
    }
  }
}

async function until (condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(resolve => setImmediate(resolve))
}

function receiverOn (messages: Message[], { credit = (): number => 10 } = {}) {
  const queue = fakeQueue(messages)
  const time = testClock()
  const delivered: ReplayMessage[] = []
  const undecodable: string[] = []
  const failed: string[] = []
  const receiver = new RetryQueueReceiver({
    calls: queue.sqs,
    queues: queue.queues,
    clock: time.clock,
    visibilityMs: 60_000,
    credit,
    deliver: replays => { delivered.push(...replays) },
    observer: {
      undecodable: id => { undecodable.push(id) },
      failed: (action, error) => { failed.push(`${action} ${error.code}`) }
    }
  })
  return { ...queue, ...time, receiver, delivered, undecodable, failed }
}

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

t.test('a message is handed up, kept hidden while it is worked on, and deleted when it is done', async t => {
  const { receiver, delivered, of, pass } = receiverOn([messageOf('a')])
  receiver.start()
  await until(() => delivered.length === 1)
  t.match(delivered[0], { record: { offset: 42 }, attempts: 2, failure: FAILURE })
  pass(20_000)
  await until(() => of('ChangeMessageVisibilityBatch').length === 1)
  t.match(of('ChangeMessageVisibilityBatch')[0]?.input.Entries, [{ ReceiptHandle: 'handle-a', VisibilityTimeout: 60 }])
  t.equal(of('DeleteMessageBatch').length, 0)
  delivered[0]?.done()
  await until(() => of('DeleteMessageBatch').length === 1)
  t.match(of('DeleteMessageBatch')[0]?.input.Entries, [{ ReceiptHandle: 'handle-a' }])
  pass(20_000)
  t.equal(of('ChangeMessageVisibilityBatch').length, 1, 'a deleted message is prolonged no more')
  await receiver.close(1000)
})

t.test('messages that end together are deleted together', async t => {
  const { receiver, delivered, of } = receiverOn([messageOf('a'), messageOf('b'), messageOf('c')])
  receiver.start()
  await until(() => delivered.length === 3)
  for (const message of delivered) message.done()
  await until(() => of('DeleteMessageBatch').length > 0)
  t.equal(of('DeleteMessageBatch')[0]?.input.Entries?.length, 3)
  await receiver.close(1000)
})

t.test('a message that shall rest goes back without being handed up', async t => {
  const { receiver, delivered, of } = receiverOn([messageOf('early', { notBefore: 10_000 + 5_500 }), messageOf('ripe', { notBefore: 10_000 })])
  receiver.start()
  await until(() => delivered.length === 1 && of('ChangeMessageVisibilityBatch').length === 1)
  t.match(of('ChangeMessageVisibilityBatch')[0]?.input.Entries, [{ ReceiptHandle: 'handle-early', VisibilityTimeout: 6 }])
  await receiver.close(1000)
})

t.test('a message that would rest for hours, because a clock was set back, is handed up', async t => {
  const { receiver, delivered, of } = receiverOn([messageOf('of another time', { notBefore: 10_000 + 2 * 3_600_000 }), messageOf('rests', { notBefore: 10_000 + 300_000 })])
  receiver.start()
  await until(() => delivered.length === 1 && of('ChangeMessageVisibilityBatch').length === 1)
  t.match(of('ChangeMessageVisibilityBatch')[0]?.input.Entries, [{ ReceiptHandle: 'handle-rests', VisibilityTimeout: 300 }])
  await receiver.close(1000)
})

t.test('a postponed message is shown again after its delay', async t => {
  const { receiver, delivered, of } = receiverOn([messageOf('a')])
  receiver.start()
  await until(() => delivered.length === 1)
  delivered[0]?.postpone(30_000)
  await until(() => of('ChangeMessageVisibilityBatch').length === 1)
  t.match(of('ChangeMessageVisibilityBatch')[0]?.input.Entries, [{ VisibilityTimeout: 30 }])
  t.equal(receiver.held, 0)
  await receiver.close(1000)
})

t.test('what can not be decoded is reported, hidden for long and never deleted', async t => {
  const damaged = { ...messageOf('damaged'), MD5OfBody: 'other' }
  const { receiver, undecodable, of } = receiverOn([messageOf('text', { body: 'not ours' }), messageOf('count', { retryCount: 'many' }), damaged])
  receiver.start()
  await until(() => of('ChangeMessageVisibilityBatch').length === 3)
  t.strictSame(undecodable, ['text', 'count', 'damaged'])
  t.match(of('ChangeMessageVisibilityBatch')[0]?.input.Entries, [{ VisibilityTimeout: 3600 }])
  await receiver.close(1000)
  t.equal(of('DeleteMessageBatch').length, 0)
})

t.test('no more is received than there is credit for, and nothing without', async t => {
  let credit = 0
  const { receiver, delivered, of } = receiverOn([messageOf('a'), messageOf('b'), messageOf('c')], { credit: () => credit - delivered.length })
  receiver.start()
  t.equal(of('ReceiveMessage').length, 0)
  credit = 2
  receiver.wake()
  await until(() => delivered.length === 2)
  t.equal(of('ReceiveMessage')[0]?.input.MaxNumberOfMessages, 2)
  await receiver.close(1000)
})

t.test('a message that surfaces again while it is held is not handed up twice', async t => {
  const messages = [messageOf('a')]
  const { receiver, delivered, of } = receiverOn(messages, { credit: () => 1 })
  messages.push({ ...messageOf('a'), ReceiptHandle: 'newer' })
  receiver.start()
  await until(() => of('ReceiveMessage').length === 3)
  t.equal(delivered.length, 1)
  delivered[0]?.done()
  await until(() => of('DeleteMessageBatch').length === 1)
  t.match(of('DeleteMessageBatch')[0]?.input.Entries, [{ ReceiptHandle: 'newer' }])
  await receiver.close(1000)
})

t.test('a failed deletion is tried again, a few times', async t => {
  const { receiver, delivered, of, failed, answers, pass } = receiverOn([messageOf('a')])
  answers.set('DeleteMessageBatch', () => { throw serviceError('ServiceUnavailable', 503) })
  receiver.start()
  await until(() => delivered.length === 1)
  delivered[0]?.done()
  for (const tries of [1, 2, 3]) {
    await until(() => of('DeleteMessageBatch').length === tries)
    await new Promise(resolve => setImmediate(resolve))
    pass(200)
  }
  await until(() => failed.length === 1)
  t.strictSame(failed, ['delete SERVER_ERROR'])
  await receiver.close(1000)
})

t.test('a failing queue is asked again after a pause, and closing does not wait for it', async t => {
  const { receiver, delivered, of, failed, answers, pass } = receiverOn([messageOf('a')])
  answers.set('ReceiveMessage', () => { throw serviceError('AccessDenied', 403) })
  receiver.start()
  await until(() => failed.length === 1)
  answers.delete('ReceiveMessage')
  await new Promise(resolve => setImmediate(resolve))
  t.equal(of('ReceiveMessage').length, 1)
  pass(500)
  await until(() => delivered.length === 1)
  await receiver.close(1000)
})

t.test('closing gives back what has no end yet', async t => {
  const { receiver, delivered, of } = receiverOn([messageOf('a'), messageOf('b')])
  receiver.start()
  await until(() => delivered.length === 2)
  await receiver.close(1000)
  t.match(of('ChangeMessageVisibilityBatch')[0]?.input.Entries, [{ ReceiptHandle: 'handle-a', VisibilityTimeout: 0 }, { ReceiptHandle: 'handle-b', VisibilityTimeout: 0 }])
})
