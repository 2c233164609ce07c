import t from 'tap'
import { type Message } from '@aws-sdk/client-sqs'
import { type Clock } from '../../../../src/engine/clock.js'
import { type ReplayMessage } from '../../../../src/engine/replay.js'
import { RetryQueueReceiver } from '../../../../src/connectors/sqs/retry-queue-receiver.js'
import { serviceError } from '../flights.js'
import { FAILURE, fakeQueue, messageOf } from './fake-retry-queue.js'

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

t.test('what a stop meets on its way is given back, and a queue that has nothing is not waited for', async t => {
  const { receiver, delivered, answers, of } = receiverOn([])
  let answer: ((messages: { readonly Messages: readonly Message[] }) => void) | undefined
  answers.set('ReceiveMessage', () => new Promise(resolve => { answer = resolve }))
  receiver.start()
  await until(() => answer !== undefined)
  const stopped = receiver.stop()
  answer?.({ Messages: [messageOf('a')] })
  await stopped
  await receiver.close(1000)
  t.same(delivered, [])
  t.match(of('ChangeMessageVisibilityBatch').map(({ input }) => input.Entries), [[{ ReceiptHandle: 'handle-a', VisibilityTimeout: 0 }]])

  const idle = receiverOn([])
  idle.receiver.start()
  await until(() => idle.of('ReceiveMessage').length === 1)
  await idle.receiver.close(1000)
  t.equal(idle.of('ChangeMessageVisibilityBatch').length, 0)
})
