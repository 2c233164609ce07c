import { createHash } from 'node:crypto'
import { type Message, type SendMessageBatchRequestEntry, type SQSClient } from '@aws-sdk/client-sqs'
import { QueueDirectory } from '../../../../src/connectors/sqs/queue-directory.js'
import { encodeEnvelope } from '../../../../src/connectors/sqs/retry-envelope.js'
import { RETRY_QUEUE_KEY } from '../../../../src/connectors/sqs/retry-send-stage.js'
import { type SourceRecord } from '../../../../src/engine/record.js'
import { fakeClient } from '../flights.js'

export const RECORD: SourceRecord = { topic: 'events', partition: 3, offset: 42, key: null, value: Buffer.from('{"a":"é"}'), headers: [], timestamp: 1 }
export const FAILURE = { code: 'TIMEOUT', detail: 'slow', stage: 'table', firstAt: 1000, lastAt: 2000 } as const

/** A retry queue in memory, as far as the receiver and the stage use one. */
export function fakeQueue (messages: Message[] = []) {
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

export function messageOf (id: string, { notBefore = 0, retryCount = '2', body = encodeEnvelope({ record: RECORD, failure: FAILURE }) } = {}): Message {
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
