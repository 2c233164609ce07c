import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { SQSClient } from '@aws-sdk/client-sqs'
import { clientQueueName } from '../../connectors/sqs/definition.js'
import { AppError } from '../../errors.js'
import { type Proof, proveEvents } from '../../proof/prove-events.js'
import { type EventsConfig } from '../../service/config/load-config.js'
import { findQueue } from '../provision/queues.js'
import { type DemoPlace, LOCAL_CREDENTIALS, LOCAL_REGION } from './environment.js'

/** Reads all stores of the demo. Nothing failed in it, so nothing may be there twice, or out of order. */
export async function proveDemo (config: EventsConfig, place: DemoPlace, ledger: string): Promise<Proof> {
  const common = { region: LOCAL_REGION, credentials: LOCAL_CREDENTIALS }
  const dynamodb = new DynamoDBClient({ ...common, endpoint: place.dynamodbEndpoint })
  const sqs = new SQSClient({ ...common, endpoint: place.sqsEndpoint, useQueueUrlAsEndpoint: false })
  const urlOf = async (name: string): Promise<string> => {
    const url = await findQueue(sqs, name)
    if (url === undefined) throw new AppError('NOT_FOUND', `queue ${name}`)
    return url
  }
  try {
    const queues = await Promise.all(config.events.clients.map(async client => [client, await urlOf(clientQueueName(client))] as const))
    return await proveEvents({
      ledger,
      kafka: config.kafka,
      topic: config.events.topic,
      deadLetterTopic: config.events.deadLetterTopic,
      groupId: config.kafka.groupId,
      dynamodb,
      table: config.events.table,
      sqs,
      queues: new Map(queues),
      retryQueue: await urlOf(config.retry.queue)
    })
  } finally {
    dynamodb.destroy()
    sqs.destroy()
  }
}
