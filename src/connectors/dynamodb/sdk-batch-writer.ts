import { BatchWriteItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { callWithin } from '../aws/call-within.js'
import { type BatchWriteAnswer, type BatchWriter } from './batch-writer.js'
import { attributesOf, type Row } from './row.js'

/** BatchWriteItem by the AWS SDK. */
export class SdkBatchWriter implements BatchWriter {
  readonly #client: Pick<DynamoDBClient, 'send'>
  readonly #callTimeoutMs: number

  constructor (client: Pick<DynamoDBClient, 'send'>, callTimeoutMs: number) {
    this.#client = client
    this.#callTimeoutMs = callTimeoutMs
  }

  async write (tableName: string, rows: readonly Row[], signal: AbortSignal): Promise<BatchWriteAnswer> {
    const command = new BatchWriteItemCommand({
      RequestItems: { [tableName]: rows.map(row => ({ PutRequest: { Item: attributesOf(row) } })) }
    })
    return await callWithin(this.#callTimeoutMs, signal, async abortSignal => await this.#client.send(command, { abortSignal }))
  }
}
