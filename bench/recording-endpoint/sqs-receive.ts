import { setTimeout as wait } from 'node:timers/promises'
import { type Answer, EMPTY, ok, refusal } from './answer.js'
import { uidOf } from './event-text.js'
import { type CallFaults } from './faults.js'
import { type KeptMessage, type KeptQueue } from './kept-queue.js'
import { type Recorder } from './recorder.js'
import { md5, queueName } from './sqs.js'

export interface ReceiveInput {
  readonly QueueUrl: string
  readonly MaxNumberOfMessages?: number
  readonly WaitTimeSeconds?: number
  readonly VisibilityTimeout?: number
  readonly AttributeNames?: readonly string[]
  readonly MessageSystemAttributeNames?: readonly string[]
  readonly MessageAttributeNames?: readonly string[]
}

export interface ReceiptEntry {
  readonly Id: string
  readonly ReceiptHandle: string
  readonly VisibilityTimeout?: number
}

export interface ReceiptInput extends Omit<ReceiptEntry, 'Id'> {
  readonly QueueUrl: string
  readonly Entries?: readonly ReceiptEntry[]
}

const DEFAULT_VISIBILITY_SECONDS = 30
const MAX_MESSAGES = 10

/** Waits as long as the caller asked for, and no longer than it listens. Queues of clients have nothing to give. */
export async function receiveMessage (recorder: Recorder, input: ReceiveInput, signal: AbortSignal): Promise<Answer> {
  const { MaxNumberOfMessages: max = 1, WaitTimeSeconds: waitSeconds = 0, VisibilityTimeout: visibilitySeconds = DEFAULT_VISIBILITY_SECONDS } = input
  const queue = recorder.kept(queueName(input.QueueUrl))
  if (queue === undefined) {
    await wait(waitSeconds * 1000, undefined, { ref: false, signal }).catch(() => {})
    return EMPTY
  }
  if (max < 1 || max > MAX_MESSAGES) return refusal('InvalidParameterValue')
  const messages = await queue.receive(max, visibilitySeconds * 1000, waitSeconds * 1000, signal)
  return ok(messages.length === 0 ? {} : { Messages: messages.map(message => toWire(message, input)) })
}

export function deleteMessage (recorder: Recorder, input: ReceiptInput, faults: CallFaults): Answer {
  return onReceipts(recorder, input, faults, (queue, { ReceiptHandle: receipt }) => queue.delete(receipt))
}

export function changeMessageVisibility (recorder: Recorder, input: ReceiptInput, faults: CallFaults): Answer {
  return onReceipts(recorder, input, faults, (queue, entry) => queue.changeVisibility(entry.ReceiptHandle, (entry.VisibilityTimeout ?? 0) * 1000))
}

/** A void receipt is the caller's mistake: of its entry in a batch, else of the call. */
function onReceipts (recorder: Recorder, input: ReceiptInput, faults: CallFaults, act: (queue: KeptQueue, entry: Omit<ReceiptEntry, 'Id'>) => boolean): Answer {
  const queue = recorder.kept(queueName(input.QueueUrl))
  if (queue === undefined) return refusal('ReceiptHandleIsInvalid')
  if (input.Entries === undefined) return act(queue, input) ? EMPTY : refusal('InvalidParameterValue', 'The receipt handle has expired')
  const successful: unknown[] = []
  const failed: unknown[] = []
  for (const entry of input.Entries) {
    const fault = faults.failEntry(() => uidOf(queue.bodyOf(entry.ReceiptHandle) ?? ''))
    if (fault !== undefined) failed.push({ Id: entry.Id, SenderFault: fault.senderFault ?? false, Code: fault.code ?? 'InternalError' })
    else if (act(queue, entry)) successful.push({ Id: entry.Id })
    else failed.push({ Id: entry.Id, SenderFault: true, Code: 'InvalidParameterValue' })
  }
  return ok({ Successful: successful, Failed: failed })
}

function toWire (message: KeptMessage, input: ReceiveInput): unknown {
  const system = pick({
    ApproximateReceiveCount: String(message.receives),
    ApproximateFirstReceiveTimestamp: String(message.firstReceivedAt),
    SentTimestamp: String(message.sentAt),
    SequenceNumber: message.sequenceNumber,
    MessageGroupId: message.groupId,
    MessageDeduplicationId: message.deduplicationId
  }, [...input.AttributeNames ?? [], ...input.MessageSystemAttributeNames ?? []])
  const own = pick(message.attributes, input.MessageAttributeNames ?? [])
  return {
    MessageId: message.messageId,
    ReceiptHandle: message.receipt,
    Body: message.body,
    MD5OfBody: md5(message.body),
    ...(system === undefined ? {} : { Attributes: system }),
    ...(own === undefined ? {} : { MessageAttributes: own })
  }
}

/** What was asked for; `undefined` when there is nothing of it. */
function pick<V> (values: Readonly<Record<string, V>>, names: readonly string[]): Record<string, V> | undefined {
  const all = names.includes('All') || names.includes('.*')
  const found = Object.entries(values).filter(([name]) => all || names.includes(name))
  return found.length === 0 ? undefined : Object.fromEntries(found)
}
