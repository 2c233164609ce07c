import { PutItemCommand } from '@aws-sdk/client-dynamodb'
import { DONE, type Outcome } from '../../engine/outcome.js'
import { callWithin } from '../aws/call-within.js'
import { classifyError, outcomeOf } from '../aws/classify-error.js'
import { attributesOf, type Row, SOURCE_OFFSET, SOURCE_PARTITION } from './row.js'
import { judgeRefusedRow, type Table } from './table.js'

const CONDITION = 'attribute_not_exists(#key) OR #partition <> :partition OR #offset < :offset'

/**
 * Writes a row unless a newer record of the same partition has written it: for records that come late, after their
 * successors may have passed. A row that is newer already counts as done.
 */
export async function putNewest (table: Table, row: Row, signal: AbortSignal): Promise<Outcome> {
  const attributes = attributesOf(row)
  const partition = attributes[SOURCE_PARTITION]
  const offset = attributes[SOURCE_OFFSET]
  if (partition === undefined || offset === undefined) throw new TypeError(`a row without ${SOURCE_PARTITION} and ${SOURCE_OFFSET} can not be compared`)
  const command = new PutItemCommand({
    TableName: table.name,
    Item: attributes,
    ConditionExpression: CONDITION,
    ExpressionAttributeNames: { '#key': table.keyName, '#partition': SOURCE_PARTITION, '#offset': SOURCE_OFFSET },
    ExpressionAttributeValues: { ':partition': partition, ':offset': offset }
  })
  try {
    await callWithin(table.callTimeoutMs, signal, abortSignal => table.client.send(command, { abortSignal }))
    return DONE
  } catch (error) {
    if (error instanceof Error && error.name === 'ConditionalCheckFailedException') return DONE
    const failure = classifyError(error)
    return failure.code === 'REFUSED' ? await judgeRefusedRow(table, row, failure, signal) : outcomeOf(failure, 'stage')
  }
}
