import { BatchWriteItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { bytesOf } from '../aws/fragment.js'
import { type SignedCallLimits, SignedCalls } from '../aws/transport/signed-calls.js'
import { type BatchWriteAnswer, type BatchWriter } from './batch-writer.js'
import { type Row } from './row.js'

/** BatchWriteItem with bodies that are put together from rows as they are. The client's endpoint and credentials are used. */
export class SignedBatchWriter implements BatchWriter {
  readonly #calls: SignedCalls

  constructor (client: DynamoDBClient, limits: SignedCallLimits) {
    this.#calls = new SignedCalls({
      ...limits,
      config: client.config,
      spokeQuery: false,
      ask: async middleware => {
        const command = new BatchWriteItemCommand({ RequestItems: {} })
        command.middlewareStack.add(middleware, { step: 'finalizeRequest', priority: 'low' })
        await client.send(command)
      }
    })
  }

  write (tableName: string, rows: readonly Row[], signal: AbortSignal): Promise<BatchWriteAnswer> {
    return this.#calls.call<BatchWriteAnswer>(batchWriteBody(tableName, rows), signal)
  }

  destroy (): void {
    this.#calls.destroy()
  }
}

const NEXT_ITEM = Buffer.from('}},{"PutRequest":{"Item":')
const END = Buffer.from('}}]}}')

/** `{"RequestItems":{"events":[{"PutRequest":{"Item":{…}}},…]}}` */
export function batchWriteBody (tableName: string, rows: readonly Row[]): Buffer {
  const parts: Buffer[] = [Buffer.from(`{"RequestItems":{${JSON.stringify(tableName)}:[{"PutRequest":{"Item":`)]
  for (const { item } of rows) {
    if (parts.length > 1) parts.push(NEXT_ITEM)
    parts.push(bytesOf(item))
  }
  parts.push(END)
  return Buffer.concat(parts)
}
