import { type AttributeValue, type DynamoDBClient, DescribeTableCommand, type TableDescription } from '@aws-sdk/client-dynamodb'
import { environment, type Outcome, poison } from '../../engine/outcome.js'
import { callWithin } from '../aws/call-within.js'
import { type CallFailure, classifyError, outcomeOf } from '../aws/classify-error.js'
import { type BatchWriter } from './batch-writer.js'
import { attributesOf, type Row } from './row.js'

/** A table and how it is called. */
export interface Table {
  /** Carries the batches. */
  readonly writer: BatchWriter
  /** Does everything else. */
  readonly client: Pick<DynamoDBClient, 'send'>
  readonly name: string
  /** The attribute that is the partition key, a string; there is no sort key. */
  readonly keyName: string
  /** The end of every call of the client, from its first byte to the last byte of its answer. */
  readonly callTimeoutMs: number
}

/** An attribute that the table's or an index's key wants otherwise than rows have it, or `undefined` if there is none. */
export function mismatchOf (description: TableDescription, attributes: Readonly<Record<string, AttributeValue>>): string | undefined {
  for (const { AttributeName: name } of description.KeySchema ?? []) {
    if (name !== undefined && attributes[name] === undefined) return `rows lack the key attribute ${name}`
  }
  for (const { AttributeName: name, AttributeType: type } of description.AttributeDefinitions ?? []) {
    const value = name === undefined ? undefined : attributes[name]
    if (value !== undefined && type !== undefined && !Object.hasOwn(value, type)) return `the key attribute ${name} is of type ${type}`
  }
  return undefined
}

/**
 * A row was refused and no other row was there to compare it with: it is poison if its attributes are what the table's
 * definition wants, else the definition is at fault and every row would be refused.
 */
export async function judgeRefusedRow (table: Table, row: Row, failure: CallFailure, signal: AbortSignal): Promise<Outcome> {
  try {
    const { Table: description } = await callWithin(table.callTimeoutMs, signal, abortSignal =>
      table.client.send(new DescribeTableCommand({ TableName: table.name }), { abortSignal }))
    const mismatch = mismatchOf(description ?? {}, attributesOf(row))
    return mismatch === undefined ? poison('REFUSED', failure.detail) : environment('stage', 'MISCONFIGURED', mismatch)
  } catch (error) {
    const outcome = outcomeOf(classifyError(error), 'stage')
    return outcome.class === 'poison' ? environment('stage', 'MISCONFIGURED', failure.detail) : outcome
  }
}
