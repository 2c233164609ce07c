import { createDynamoDBClient } from '../../connectors/aws/clients.js'
import { TABLE_KEY } from '../../connectors/dynamodb/definition.js'
import { type EventsConfig } from '../../service/config/load-config.js'
import { describeTable, tableDifference } from '../provision/table.js'
import { describeAwsError } from '../aws-error.js'
import { type CheckResult, failed, passed } from './check-result.js'

export async function checkTable ({ events, aws }: EventsConfig): Promise<CheckResult[]> {
  const name = `table ${events.table}`
  const client = createDynamoDBClient({ ...aws, maxSockets: 1 })
  try {
    const table = await describeTable(client, events.table)
    if (table === undefined) return [failed(name, 'does not exist', 'penstock create')]
    const difference = tableDifference(table)
    if (difference !== undefined) return [failed(name, difference, 'set EVENTS_TABLE to another name, then: penstock create')]
    if (table.TableStatus !== 'ACTIVE') return [failed(name, `is ${table.TableStatus}`, 'wait until it is active')]
    return [passed(name, `active, key ${TABLE_KEY} (S), ${table.BillingModeSummary?.BillingMode ?? 'PROVISIONED'}`)]
  } catch (error) {
    const { detail, remedy } = describeAwsError(error, 'AWS_ENDPOINT_URL_DYNAMODB')
    return [failed(name, detail, remedy)]
  } finally {
    client.destroy()
  }
}
