import { createDynamoDBClient, createSqsClient } from '../../connectors/aws/clients.js'
import { chooseTransport } from '../../connectors/aws/transport/choose-transport.js'
import { type EventsConfig } from '../../service/config/load-config.js'
import { type CheckResult, note } from './check-result.js'

/** What `run` will carry batches with, and why if that is not what was asked for. */
export async function checkTransport ({ aws }: EventsConfig): Promise<CheckResult[]> {
  const clients = { rows: createDynamoDBClient({ ...aws, maxSockets: 1 }), messages: createSqsClient({ ...aws, maxSockets: 1 }) }
  return await Promise.all(Object.entries(clients).map(async ([batches, client]) => {
    const { transport, reason } = await chooseTransport(aws.transport, client.config)
    client.destroy()
    return note(`transport of ${batches}`, reason === undefined ? transport : `${transport}: ${reason}`)
  }))
}
