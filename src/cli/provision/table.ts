import { CreateTableCommand, DescribeTableCommand, type DynamoDBClient, type TableDescription } from '@aws-sdk/client-dynamodb'
import { TABLE_KEY, tableDefinition } from '../../connectors/dynamodb/definition.js'
import { AppError } from '../../errors.js'
import { describeAwsError } from '../aws-error.js'
import { type Step } from './step.js'

const POLL_MS = 500

/** Creates the table unless it is there, and waits until it can be written. */
export async function createTable (client: DynamoDBClient, name: string, timeoutMs: number): Promise<Step> {
  const step = { kind: 'table', name } as const
  try {
    const existing = await describeTable(client, name)
    if (existing !== undefined) {
      const difference = tableDifference(existing)
      return difference === undefined
        ? { ...step, result: 'existed', detail: `status ${existing.TableStatus}` }
        : { ...step, result: 'differs', detail: difference }
    }
    await client.send(new CreateTableCommand(tableDefinition(name)))
    await awaitActive(client, name, timeoutMs)
    return { ...step, result: 'created', detail: `key ${TABLE_KEY} (S), on demand` }
  } catch (error) {
    const { detail, remedy } = describeAwsError(error, 'AWS_ENDPOINT_URL_DYNAMODB')
    return { ...step, result: 'failed', detail: `${detail}; ${remedy}` }
  }
}

export async function describeTable (client: DynamoDBClient, name: string): Promise<TableDescription | undefined> {
  try {
    const { Table: table } = await client.send(new DescribeTableCommand({ TableName: name }))
    return table
  } catch (error) {
    if (error instanceof Error && error.name === 'ResourceNotFoundException') return undefined
    throw error
  }
}

/** What makes a table useless to the pipeline: another key. */
export function tableDifference (table: TableDescription): string | undefined {
  const schema = table.KeySchema ?? []
  const type = table.AttributeDefinitions?.find(attribute => attribute.AttributeName === TABLE_KEY)?.AttributeType
  const fits = schema.length === 1 && schema[0]?.AttributeName === TABLE_KEY && schema[0].KeyType === 'HASH' && type === 'S'
  if (fits) return undefined
  const found = schema.map(key => `${key.AttributeName} ${key.KeyType}`).join(', ')
  return `its key is ${found}, where ${TABLE_KEY} HASH of type S is needed`
}

async function awaitActive (client: DynamoDBClient, name: string, timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs
  while (performance.now() < deadline) {
    const table = await describeTable(client, name)
    if (table?.TableStatus === 'ACTIVE') return
    await new Promise(resolve => setTimeout(resolve, POLL_MS))
  }
  throw new AppError('TIMEOUT', `the table was created but is not active after ${timeoutMs} ms`)
}
