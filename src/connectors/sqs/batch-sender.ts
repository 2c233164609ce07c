import { type BatchResultErrorEntry, type SendMessageBatchResultEntry } from '@aws-sdk/client-sqs'
import { type Entry } from './entry.js'

/** SendMessageBatch: one call of it, whatever carries it. */
export interface BatchSender {
  /**
   * Sends at most 10 entries; the id of each in the answer is its index. Resolves when the service has answered, with
   * failures of entries in the answer. Rejects with what `classifyError` knows, at its deadline and when `signal` aborts
   * too.
   */
  send (queueUrl: string, entries: readonly Entry[], signal: AbortSignal): Promise<BatchSendAnswer>
}

/** The service's answer, in its own names, as far as anybody reads it. */
export interface BatchSendAnswer {
  readonly Successful?: ReadonlyArray<Pick<SendMessageBatchResultEntry, 'Id' | 'MD5OfMessageBody'>> | undefined
  readonly Failed?: ReadonlyArray<Pick<BatchResultErrorEntry, 'Id' | 'Code' | 'SenderFault'>> | undefined
}
