import { SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs'
import { bytesOf } from '../aws/fragment.js'
import { type SignedCallLimits, SignedCalls } from '../aws/transport/signed-calls.js'
import { type BatchSendAnswer, type BatchSender } from './batch-sender.js'
import { type Entry } from './entry.js'
import { SEND_BATCH_MAX_ENTRIES } from './limits.js'

/** SendMessageBatch with bodies that are put together from entries as they are. The client's endpoint and credentials are used. */
export class SignedBatchSender implements BatchSender {
  readonly #calls: SignedCalls

  constructor (client: SQSClient, limits: SignedCallLimits) {
    this.#calls = new SignedCalls({
      ...limits,
      config: client.config,
      spokeQuery: true,
      ask: async middleware => {
        const command = new SendMessageBatchCommand({ QueueUrl: 'any', Entries: [] })
        command.middlewareStack.add(middleware, { step: 'finalizeRequest', priority: 'low' })
        await client.send(command)
      }
    })
  }

  send (queueUrl: string, entries: readonly Entry[], signal: AbortSignal): Promise<BatchSendAnswer> {
    return this.#calls.call<BatchSendAnswer>(batchSendBody(queueUrl, entries), signal)
  }

  destroy (): void {
    this.#calls.destroy()
  }
}

const END = Buffer.from('}]}')
/** What stands before an entry's other members, by its index. */
const ENTRY_HEADS = Array.from({ length: SEND_BATCH_MAX_ENTRIES }, (_, index) => Buffer.from(`${index === 0 ? '' : '},'}{"Id":"${index}",`))

/** `{"QueueUrl":"…","Entries":[{"Id":"0","MessageBody":"…",…},…]}` */
export function batchSendBody (queueUrl: string, entries: readonly Entry[]): Buffer {
  const parts: Buffer[] = [Buffer.from(`{"QueueUrl":${JSON.stringify(queueUrl)},"Entries":[`)]
  for (let index = 0; index < entries.length; index++) {
    parts.push(ENTRY_HEADS[index] as Buffer, bytesOf((entries[index] as Entry).members))
  }
  parts.push(END)
  return Buffer.concat(parts)
}
