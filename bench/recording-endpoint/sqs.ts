import { createHash } from 'node:crypto'
import { type Answer, ok, refusal } from './answer.js'
import { uidOf } from './event-text.js'
import { type CallFaults } from './faults.js'
import { type MessageAttribute } from './kept-queue.js'
import { type Recorder } from './recorder.js'

export interface SendMessageBatchInput {
  readonly QueueUrl: string
  readonly Entries: readonly SendEntry[]
}

interface SendEntry {
  readonly Id: string
  readonly MessageBody: string
  readonly MessageGroupId?: string
  readonly MessageDeduplicationId?: string
  readonly MessageAttributes?: Readonly<Record<string, MessageAttribute>>
}

const MAX_ENTRIES = 10
const MAX_BYTES = 1024 * 1024
/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html */
const FORBIDDEN = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u

export function queueName (url: string): string {
  return url.slice(url.lastIndexOf('/') + 1)
}

export function uidsOfEntries ({ Entries: entries }: SendMessageBatchInput): Array<string | undefined> {
  return entries.map(entry => uidOf(entry.MessageBody))
}

export function sendMessageBatch (recorder: Recorder, input: SendMessageBatchInput, faults: CallFaults): Answer {
  const queue = queueName(input.QueueUrl)
  const entries = input.Entries
  if (entries.length > MAX_ENTRIES) return refusal('TooManyEntriesInBatchRequest')
  if (entries.reduce((bytes, entry) => bytes + bytesOf(entry), 0) > MAX_BYTES) return refusal('BatchRequestTooLong')
  if (recorder.mode === 'full' && entries.some(entry => FORBIDDEN.test(entry.MessageBody))) return refusal('InvalidMessageContents')
  const successful: unknown[] = []
  const failed: unknown[] = []
  for (const entry of entries) {
    const fault = faults.failEntry(() => uidOf(entry.MessageBody))
    if (fault !== undefined) {
      recorder.failed(queue)
      failed.push({ Id: entry.Id, SenderFault: fault.senderFault ?? false, Code: fault.code ?? 'InternalError' })
    } else if (entry.MessageGroupId === undefined || entry.MessageDeduplicationId === undefined) {
      failed.push({ Id: entry.Id, SenderFault: true, Code: 'MissingParameter' })
    } else {
      const { messageId, sequenceNumber } = recorder.message(queue, {
        body: entry.MessageBody, groupId: entry.MessageGroupId, deduplicationId: entry.MessageDeduplicationId, attributes: entry.MessageAttributes ?? {}
      })
      successful.push({ Id: entry.Id, MessageId: messageId, MD5OfMessageBody: md5(entry.MessageBody), SequenceNumber: sequenceNumber })
    }
  }
  return ok({ Successful: successful, Failed: failed })
}

export function getQueueUrl (origin: string, input: { readonly QueueName: string }): Answer {
  return ok({ QueueUrl: `${origin}/000000000000/${input.QueueName}` })
}

/** Those that were asked for. */
export function getQueueAttributes (recorder: Recorder, input: { readonly QueueUrl: string, readonly AttributeNames?: readonly string[] }): Answer {
  const { visible = 0, hidden = 0 } = recorder.kept(queueName(input.QueueUrl))?.report ?? {}
  const attributes = {
    FifoQueue: 'true',
    MaximumMessageSize: String(MAX_BYTES),
    ApproximateNumberOfMessages: String(visible),
    ApproximateNumberOfMessagesNotVisible: String(hidden),
    ApproximateNumberOfMessagesDelayed: '0'
  }
  const names = input.AttributeNames ?? []
  return ok({ Attributes: Object.fromEntries(Object.entries(attributes).filter(([name]) => names.includes('All') || names.includes(name))) })
}

export function md5 (text: string): string {
  return createHash('md5').update(text).digest('hex')
}

/** Attributes count with their name, type and value. */
function bytesOf (entry: SendEntry): number {
  let bytes = Buffer.byteLength(entry.MessageBody)
  for (const [name, { DataType: type, StringValue: value = '' }] of Object.entries(entry.MessageAttributes ?? {})) {
    bytes += Buffer.byteLength(name) + Buffer.byteLength(type) + Buffer.byteLength(value)
  }
  return bytes
}
