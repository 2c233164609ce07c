import { createHash } from 'node:crypto'
import { type Answer, ok, refusal } from './answer.js'
import { type CallFaults } from './faults.js'
import { type Recorder } from './recorder.js'

interface SendMessageBatchInput {
  readonly QueueUrl: string
  readonly Entries: ReadonlyArray<{
    readonly Id: string
    readonly MessageBody: string
    readonly MessageGroupId?: string
    readonly MessageDeduplicationId?: string
  }>
}

const MAX_ENTRIES = 10
const MAX_BYTES = 1024 * 1024

export function queueName (url: string): string {
  return url.slice(url.lastIndexOf('/') + 1)
}

export function sendMessageBatch (recorder: Recorder, input: SendMessageBatchInput, faults: CallFaults): Answer {
  const queue = queueName(input.QueueUrl)
  const entries = input.Entries
  if (entries.length > MAX_ENTRIES) return refusal('TooManyEntriesInBatchRequest')
  if (entries.reduce((bytes, entry) => bytes + Buffer.byteLength(entry.MessageBody), 0) > MAX_BYTES) return refusal('BatchRequestTooLong')
  const successful: unknown[] = []
  const failed: unknown[] = []
  for (const entry of entries) {
    const fault = faults.failEntry()
    if (fault !== undefined) {
      recorder.failed(queue)
      failed.push({ Id: entry.Id, SenderFault: fault.senderFault ?? false, Code: fault.code ?? 'InternalError' })
    } else if (entry.MessageGroupId === undefined || entry.MessageDeduplicationId === undefined) {
      failed.push({ Id: entry.Id, SenderFault: true, Code: 'MissingParameter' })
    } else {
      const { messageId, sequenceNumber } = recorder.message(queue, entry.MessageBody, entry.MessageGroupId, entry.MessageDeduplicationId)
      successful.push({ Id: entry.Id, MessageId: messageId, MD5OfMessageBody: md5(entry.MessageBody), SequenceNumber: sequenceNumber })
    }
  }
  return ok({ Successful: successful, Failed: failed })
}

export function getQueueUrl (origin: string, input: { readonly QueueName: string }): Answer {
  return ok({ QueueUrl: `${origin}/000000000000/${input.QueueName}` })
}

export function getQueueAttributes (): Answer {
  return ok({ Attributes: { FifoQueue: 'true', MaximumMessageSize: String(MAX_BYTES), ApproximateNumberOfMessages: '0' } })
}

function md5 (text: string): string {
  return createHash('md5').update(text).digest('hex')
}
