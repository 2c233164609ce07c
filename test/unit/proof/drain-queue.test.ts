import { DeleteMessageBatchCommand, GetQueueAttributesCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs'
import t from 'tap'
import { type QueueMessage } from '../../../src/proof/check-messages.js'
import { drainQueue } from '../../../src/proof/drain-queue.js'

/** Hands out ten at a time and, like a FIFO group, nothing while some are in flight. */
class FakeQueue {
  readonly #waiting: number[]
  #inFlight = 0
  attributes: Record<string, string> = { SequenceNumber: '1', SentTimestamp: '2' }

  constructor (messages: number) {
    this.#waiting = Array.from({ length: messages }, (_, index) => index)
  }

  async send (command: unknown): Promise<unknown> {
    if (command instanceof ReceiveMessageCommand) {
      const messages = this.#inFlight > 0 ? [] : this.#waiting.splice(0, 10)
      this.#inFlight += messages.length
      return { Messages: messages.map(index => ({ MessageId: `m${index}`, Body: `b${index}`, ReceiptHandle: 'r', Attributes: this.attributes })) }
    }
    if (command instanceof DeleteMessageBatchCommand) {
      this.#inFlight -= command.input.Entries?.length ?? 0
      return {}
    }
    if (command instanceof GetQueueAttributesCommand) {
      return { Attributes: { ApproximateNumberOfMessages: String(this.#waiting.length), ApproximateNumberOfMessagesNotVisible: String(this.#inFlight) } }
    }
    throw new Error('unexpected command')
  }
}

t.test('every message is handed over once, and the queue is empty', async t => {
  const seen: QueueMessage[] = []
  await drainQueue(new FakeQueue(57) as never, 'url', message => { seen.push(message) })
  t.same(new Set(seen.map(({ id }) => id)).size, 57)
  t.same(seen[0], { id: 'm0', body: 'b0', sequence: '1', sentAtMs: 2 })
})

t.test('a queue that tells no sequence is refused: order could not be judged', async t => {
  const queue = new FakeQueue(1)
  queue.attributes = { SentTimestamp: '2' }
  await t.rejects(drainQueue(queue as never, 'url', () => {}), { code: 'MISCONFIGURED' })
})
