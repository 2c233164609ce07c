import { setTimeout as delay } from 'node:timers/promises'
import { DeleteMessageBatchCommand, GetQueueAttributesCommand, type Message, ReceiveMessageCommand, type SQSClient } from '@aws-sdk/client-sqs'
import { AppError } from '../errors.js'
import { type QueueMessage } from './check-messages.js'

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html */
const MESSAGES_A_CALL = 10
const RECEIVERS = 4
const VISIBILITY_SECONDS = 30
const PAUSE_MS = 50
/** Longer than the visibility, so that a message whose deletion failed comes back in time. */
const STALL_TIMEOUT_MS = 45_000

/**
 * Hands every message of the queue to `visit` and deletes it: a FIFO queue hands out no more of a group while ten of it
 * are in flight, so it can not be read without. A message whose deletion failed may be handed over twice, under the same
 * id. Resolves when the queue says that it holds nothing, seen or hidden; rejects when it keeps saying otherwise.
 */
export async function drainQueue (client: Pick<SQSClient, 'send'>, url: string, visit: (message: QueueMessage) => void): Promise<void> {
  let movedAt = performance.now()
  let ended = false
  const receiver = async (): Promise<void> => {
    while (!ended) {
      const messages = await receive(client, url)
      if (messages.length > 0) {
        for (const message of messages) visit(toQueueMessage(url, message))
        await remove(client, url, messages)
        movedAt = performance.now()
      } else if (await countMessages(client, url) === 0) {
        ended = true
      } else if (performance.now() - movedAt > STALL_TIMEOUT_MS) {
        throw new AppError('UNAVAILABLE', `${url} holds messages that it does not hand out; is somebody else receiving them?`)
      } else {
        await delay(PAUSE_MS)
      }
    }
  }
  try {
    await Promise.all(Array.from({ length: RECEIVERS }, receiver))
  } finally {
    ended = true // one that fails ends the others
  }
}

/** What a queue holds: visible, in flight and delayed. */
export async function countMessages (client: Pick<SQSClient, 'send'>, url: string): Promise<number> {
  const { Attributes: attributes = {} } = await client.send(new GetQueueAttributesCommand({
    QueueUrl: url, AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible', 'ApproximateNumberOfMessagesDelayed']
  }))
  return Object.values(attributes).reduce((sum, count) => sum + Number(count), 0)
}

async function receive (client: Pick<SQSClient, 'send'>, url: string): Promise<Message[]> {
  const { Messages: messages } = await client.send(new ReceiveMessageCommand({
    QueueUrl: url,
    MaxNumberOfMessages: MESSAGES_A_CALL,
    VisibilityTimeout: VISIBILITY_SECONDS,
    MessageSystemAttributeNames: ['SequenceNumber', 'SentTimestamp']
  }))
  return messages ?? []
}

async function remove (client: Pick<SQSClient, 'send'>, url: string, messages: readonly Message[]): Promise<void> {
  await client.send(new DeleteMessageBatchCommand({
    QueueUrl: url, Entries: messages.map(({ ReceiptHandle: handle }, index) => ({ Id: String(index), ReceiptHandle: handle }))
  }))
}

function toQueueMessage (url: string, { MessageId: id = '', Body: body = '', Attributes: attributes }: Message): QueueMessage {
  const { SequenceNumber: sequence, SentTimestamp: sentAt } = attributes ?? {}
  if (sequence === undefined || sentAt === undefined) throw new AppError('MISCONFIGURED', `${url} tells no sequence of its messages: it is no FIFO queue`)
  return { id, body, sequence, sentAtMs: Number(sentAt) }
}
