import { SendMessageBatchCommand, type SendMessageBatchRequestEntry, type SQSClient } from '@aws-sdk/client-sqs'
import { callWithin } from '../aws/call-within.js'
import { jsonOf } from '../aws/fragment.js'
import { type BatchSendAnswer, type BatchSender } from './batch-sender.js'
import { type Entry } from './entry.js'

/** SendMessageBatch by the AWS SDK. */
export class SdkBatchSender implements BatchSender {
  readonly #client: Pick<SQSClient, 'send'>
  readonly #callTimeoutMs: number

  constructor (client: Pick<SQSClient, 'send'>, callTimeoutMs: number) {
    this.#client = client
    this.#callTimeoutMs = callTimeoutMs
  }

  async send (queueUrl: string, entries: readonly Entry[], signal: AbortSignal): Promise<BatchSendAnswer> {
    const command = new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries: entries.map(requestEntry) })
    return await callWithin(this.#callTimeoutMs, signal, async abortSignal => await this.#client.send(command, { abortSignal }))
  }
}

function requestEntry (entry: Entry, index: number): SendMessageBatchRequestEntry {
  const members = JSON.parse(`{${jsonOf(entry.members)}}`) as Omit<SendMessageBatchRequestEntry, 'Id'>
  return { ...members, Id: String(index) }
}
