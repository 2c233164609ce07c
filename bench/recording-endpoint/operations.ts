import { type Answer, refusal } from './answer.js'
import { batchWriteItem, type BatchWriteInput, describeTable, putItem, type PutInput, uidsOfItems } from './dynamodb.js'
import { type CallFaults } from './faults.js'
import { type Recorder } from './recorder.js'
import { getQueueAttributes, getQueueUrl, queueName, sendMessageBatch, type SendMessageBatchInput, uidsOfEntries } from './sqs.js'
import { changeMessageVisibility, deleteMessage, type ReceiptInput, type ReceiveInput, receiveMessage } from './sqs-receive.js'

/** The input of any of the calls: the SDK's own shapes, which each operation reads its part of. */
export type Input = BatchWriteInput & PutInput & SendMessageBatchInput & ReceiveInput & ReceiptInput & {
  readonly TableName: string
  readonly QueueName: string
}

export interface Call {
  readonly operation: string
  readonly input: Input
  readonly recorder: Recorder
  readonly faults: CallFaults
  readonly origin: string
  /** Aborts when the caller has gone. */
  readonly signal: AbortSignal
}

export function perform ({ operation, input, recorder, faults, origin, signal }: Call): Answer | Promise<Answer> {
  switch (operation) {
    case 'BatchWriteItem': return batchWriteItem(recorder, input, faults)
    case 'PutItem': return putItem(recorder, input)
    case 'DescribeTable': return describeTable(input)
    case 'SendMessageBatch': return sendMessageBatch(recorder, input, faults)
    case 'ReceiveMessage': return receiveMessage(recorder, input, signal)
    case 'DeleteMessage':
    case 'DeleteMessageBatch': return deleteMessage(recorder, input, faults)
    case 'ChangeMessageVisibility':
    case 'ChangeMessageVisibilityBatch': return changeMessageVisibility(recorder, input, faults)
    case 'GetQueueUrl': return getQueueUrl(origin, input)
    case 'GetQueueAttributes': return getQueueAttributes(recorder, input)
    default: return refusal('UnknownOperationException')
  }
}

/** Of the queue that a call is about, or `undefined`. */
export function queueOf ({ QueueUrl: url, QueueName: name }: Partial<Input>): string | undefined {
  return url === undefined ? name : queueName(url)
}

export function tablesOf ({ RequestItems: items, TableName: name }: Partial<Input>): string[] {
  return items === undefined ? name === undefined ? [] : [name] : Object.keys(items)
}

/** Of the events that a call carries. */
export function uidsOf (operation: string, input: Input): Array<string | undefined> {
  switch (operation) {
    case 'BatchWriteItem': return uidsOfItems(input)
    case 'PutItem': return [input.Item['UUID']?.S]
    case 'SendMessageBatch': return uidsOfEntries(input)
    default: return []
  }
}

/** Rows or messages that a call carries, which count as attempted. */
export function countAttempt (recorder: Recorder, operation: string, input: Input): number {
  const entries = entriesOf(operation, input)
  if (operation === 'SendMessageBatch') recorder.attempted(entries, queueName(input.QueueUrl))
  else if (entries > 0) recorder.attempted(entries)
  return entries
}

function entriesOf (operation: string, input: Input): number {
  switch (operation) {
    case 'BatchWriteItem': return Object.values(input.RequestItems).flat().length
    case 'PutItem': return 1
    case 'SendMessageBatch': return input.Entries.length
    default: return 0
  }
}
