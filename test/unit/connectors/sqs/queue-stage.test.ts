import { createHash } from 'node:crypto'
import t from 'tap'
import { type SendMessageBatchCommandInput, type SQSClient } from '@aws-sdk/client-sqs'
import { encodeEntry } from '../../../../src/connectors/sqs/entry.js'
import { QueueDirectory } from '../../../../src/connectors/sqs/queue-directory.js'
import { SdkBatchSender } from '../../../../src/connectors/sqs/sdk-batch-sender.js'
import { createQueueStage } from '../../../../src/connectors/sqs/queue-stage.js'
import { fakeClient, flightOf, serviceError } from '../flights.js'

type Send = (input: SendMessageBatchCommandInput) => unknown

interface Event { readonly client: string, readonly body: string }

function stageOn (send: Send, { maximumMessageSize = 1000, missing = (): boolean => false } = {}) {
  const client = fakeClient<SQSClient>((operation, input) => {
    if (operation === 'GetQueueUrl') {
      if (missing()) throw serviceError('QueueDoesNotExist')
      return { QueueUrl: 'http://sqs/000000000000/A.fifo' }
    }
    if (operation === 'GetQueueAttributes') return { Attributes: { FifoQueue: 'true', MaximumMessageSize: String(maximumMessageSize) } }
    return send(input)
  })
  const queues = new QueueDirectory({ client, callTimeoutMs: 1000, addresses: new Map([['A', { name: 'A.fifo' }]]) })
  const stage = createQueueStage<Event>({
    name: 'queues',
    sender: new SdkBatchSender(client, 1000),
    queues,
    batch: { maxRecords: 100, maxBytes: 100 * 1024 * 1024, lingerMs: 1 },
    concurrency: 1,
    queueKey: flight => flight.payload.client,
    groupId: () => 'g',
    entry: ({ payload }) => encodeEntry({ body: payload.body, groupId: 'g', deduplicationId: payload.body })
  })
  return { stage, queues }
}

const { signal } = new AbortController()
const flights = (...bodies: string[]) => bodies.map(body => flightOf({ client: 'A', body }))
const digest = (body = '') => createHash('md5').update(body).digest('hex')
const accept: Send = input => ({ Successful: input.Entries?.map(entry => ({ Id: entry.Id, MD5OfMessageBody: digest(entry.MessageBody) })) })
const codes = (outcomes: ReadonlyArray<{ class: string }>) => outcomes.map(outcome => 'code' in outcome ? outcome.code : outcome.class)

t.test('entries go in order, in one call, and each has its outcome', async t => {
  const calls: SendMessageBatchCommandInput[] = []
  const { stage } = stageOn(input => { calls.push(input); return accept(input) })
  t.strictSame(codes(await stage.run(flights('a', 'b', 'c'), signal)), ['done', 'done', 'done'])
  t.equal(calls.length, 1)
  t.strictSame(calls[0]?.Entries?.map(entry => entry.MessageBody), ['a', 'b', 'c'])
  t.equal(calls[0]?.QueueUrl, 'http://sqs/000000000000/A.fifo')
})

t.test('failed entries are told apart by whose fault they are', async t => {
  const { stage } = stageOn(input => ({
    ...accept({ ...input, Entries: input.Entries?.slice(0, 1) }) as object,
    Failed: [
      { Id: '1', SenderFault: true, Code: 'InvalidMessageContents' },
      { Id: '2', SenderFault: false, Code: 'InternalError' },
      { Id: '3', SenderFault: true, Code: 'KmsDisabled' },
      { Id: '4', SenderFault: true, Code: 'RequestThrottled' }
    ]
  }))
  const outcomes = await stage.run(flights('a', 'b', 'c', 'd', 'e', 'f'), signal)
  t.strictSame(codes(outcomes), ['done', 'REFUSED', 'ENTRY_FAILED', 'ACCESS_DENIED', 'ENTRY_FAILED', 'UNKNOWN'])
  t.match(outcomes[1], { class: 'poison', detail: 'InvalidMessageContents' })
  t.match(outcomes[4], { throttled: true })
})

t.test('an entry whose digest is wrong is not done', async t => {
  const { stage } = stageOn(input => ({ Successful: input.Entries?.map((entry, index) => ({ Id: entry.Id, MD5OfMessageBody: index === 1 ? 'bad' : digest(entry.MessageBody) })) }))
  t.strictSame(codes(await stage.run(flights('a', 'b', 'c'), signal)), ['done', 'UNKNOWN', 'done'])
})

t.test('when every entry is throttled the queue is', async t => {
  const { stage } = stageOn(input => ({ Failed: input.Entries?.map(entry => ({ Id: entry.Id, SenderFault: false, Code: 'RequestThrottled' })) }))
  t.match(await stage.run(flights('a', 'b'), signal), [{ class: 'environment', scope: 'key', code: 'THROTTLED' }, { code: 'THROTTLED' }])
})

t.test('a call is split where the queue takes less than a call may hold', async t => {
  const sizes: unknown[] = []
  const { stage } = stageOn(input => { sizes.push(input.Entries?.length); return accept(input) }, { maximumMessageSize: 100 })
  t.strictSame(codes(await stage.run(flights('a'.repeat(60), 'b'.repeat(40), 'c'.repeat(50), 'd'), signal)), ['done', 'done', 'done', 'done'])
  t.strictSame(sizes, [2, 2])
})

t.test('nothing overtakes a failed entry in a later part of its call', async t => {
  let calls = 0
  const { stage } = stageOn(input => { calls++; return { Failed: input.Entries?.map(entry => ({ Id: entry.Id, SenderFault: false, Code: 'InternalError' })) } }, { maximumMessageSize: 100 })
  t.strictSame(codes(await stage.run(flights('a'.repeat(60), 'b'.repeat(60)), signal)), ['ENTRY_FAILED', 'ENTRY_FAILED'])
  t.equal(calls, 1)
})

t.test('a refused call is halved until the bad entry is alone', async t => {
  const sent: unknown[] = []
  const { stage } = stageOn(input => {
    if (input.Entries?.some(entry => entry.MessageBody === 'bad')) throw serviceError('InvalidParameterValue')
    sent.push(...input.Entries?.map(entry => entry.MessageBody) ?? [])
    return accept(input)
  })
  t.strictSame(codes(await stage.run(flights('a', 'b', 'bad', 'c'), signal)), ['done', 'done', 'REFUSED', 'done'])
  t.strictSame(sent, ['a', 'b', 'c'])
})

t.test('a missing queue holds its own records and is looked for again', async t => {
  let missing = true
  const { stage, queues } = stageOn(accept, { missing: () => missing })
  t.match(await queues.resolve(signal), [{ key: 'A', error: { code: 'NOT_FOUND' } }])
  t.match(await stage.run(flights('a'), signal), [{ class: 'environment', scope: 'key', code: 'NOT_FOUND' }])
  missing = false
  t.strictSame(codes(await stage.run(flights('a'), signal)), ['done'])
})

t.test('a queue that vanishes is looked for again', async t => {
  let gone = true
  const { stage, queues } = stageOn(input => {
    if (gone) throw serviceError('QueueDoesNotExist')
    return accept(input)
  })
  t.match(await stage.run(flights('a', 'b'), signal), [{ class: 'environment', scope: 'key', code: 'NOT_FOUND' }, { code: 'NOT_FOUND' }])
  t.equal(queues.peek('A'), undefined)
  gone = false
  t.strictSame(codes(await stage.run(flights('a', 'b'), signal)), ['done', 'done'])
})

t.test('unknown clients and messages over the limit are found before they join a call', async t => {
  const { stage, queues } = stageOn(accept, { maximumMessageSize: 10 })
  t.match(stage.check?.(flightOf({ client: 'Z', body: 'a' })), { class: 'poison', code: 'UNKNOWN_CLIENT' })
  t.equal(stage.check?.(flightOf({ client: 'A', body: 'x'.repeat(11) })), undefined, 'the limit is not known yet')
  t.strictSame(codes(await stage.run(flights('x'.repeat(11), 'a'), signal)), ['MESSAGE_TOO_LARGE', 'done'])
  t.ok(queues.peek('A'))
  t.match(stage.check?.(flightOf({ client: 'A', body: 'é'.repeat(6) })), { class: 'poison', code: 'MESSAGE_TOO_LARGE' })
})

t.test('a queue that is not FIFO is a problem at start', async t => {
  const client = fakeClient<SQSClient>(operation => operation === 'GetQueueUrl' ? { QueueUrl: 'http://sqs/0/A' } : { Attributes: {} })
  const queues = new QueueDirectory({ client, callTimeoutMs: 1000, addresses: new Map([['A', { name: 'A' }]]) })
  t.match(await queues.resolve(signal), [{ key: 'A', error: { code: 'MISCONFIGURED' } }])
})

t.test('one look-up at a time serves all that wait for it', async t => {
  let lookUps = 0
  const client = fakeClient<SQSClient>(operation => {
    if (operation === 'GetQueueUrl') lookUps++
    return operation === 'GetQueueUrl' ? { QueueUrl: 'http://sqs/0/A.fifo' } : { Attributes: { FifoQueue: 'true' } }
  })
  const queues = new QueueDirectory({ client, callTimeoutMs: 1000, addresses: new Map([['A', { name: 'A.fifo' }]]) })
  const [one, two] = await Promise.all([queues.lookUp('A', signal), queues.lookUp('A', signal)])
  t.equal(one, two)
  t.equal(lookUps, 1)
})
