import { createDynamoDBClient, createSqsClient } from '../../connectors/aws/clients.js'
import { deadLetterTopic, sourceTopic } from '../../connectors/kafka/definition.js'
import { clientQueueDefinition, type QueueDefinition, retryQueueDefinition } from '../../connectors/sqs/definition.js'
import { type EventsConfig } from '../../service/config/load-config.js'
import { createQueue } from './queues.js'
import { type OnStep, type Step } from './step.js'
import { createTable } from './table.js'
import { createTopics } from './topics.js'

export interface ProvisionOptions {
  readonly partitions: number
  /** -1: the cluster's own default. */
  readonly replicationFactor: number
  /** Give queues that exist the attributes of their definition. */
  readonly update: boolean
  readonly timeoutMs: number
}

/** Calls that run at once: SQS takes few control-plane calls a second. */
const MAX_SOCKETS = 4

/** Creates the topics, the table and the queues of the events pipeline; what is there stays as it is. Never rejects. */
export async function provisionEvents (config: EventsConfig, options: ProvisionOptions, onStep: OnStep = () => {}): Promise<Step[]> {
  const report = (steps: Step[]): Step[] => {
    steps.forEach(onStep)
    return steps
  }
  const results = await Promise.all([
    provisionTopics(config, options).then(report),
    provisionTable(config, options).then(report),
    provisionQueues(config, options).then(report)
  ])
  return results.flat()
}

function provisionTopics ({ events, kafka }: EventsConfig, { partitions, replicationFactor, timeoutMs }: ProvisionOptions): Promise<Step[]> {
  const settings = { partitions, replicationFactor, maxMessageBytes: kafka.maxMessageBytes }
  return createTopics(kafka, [sourceTopic(events.topic, settings), deadLetterTopic(events.deadLetterTopic, settings)], timeoutMs)
}

async function provisionTable ({ events, aws }: EventsConfig, { timeoutMs }: ProvisionOptions): Promise<Step[]> {
  const client = createDynamoDBClient({ ...aws, maxSockets: MAX_SOCKETS })
  try {
    return [await createTable(client, events.table, timeoutMs)]
  } finally {
    client.destroy()
  }
}

async function provisionQueues ({ events, sqs, retry, aws }: EventsConfig, { update }: ProvisionOptions): Promise<Step[]> {
  const client = createSqsClient({ ...aws, maxSockets: MAX_SOCKETS })
  const byUrl: Step[] = []
  const definitions: QueueDefinition[] = []
  for (const name of events.clients) {
    const url = sqs.queueUrls[name]
    if (url === undefined) definitions.push(clientQueueDefinition(name))
    else byUrl.push(givenByUrl(url))
  }
  if (isUrl(retry.queue)) byUrl.push(givenByUrl(retry.queue))
  else if (retry.queue !== '') definitions.push(retryQueueDefinition(retry.queue))
  try {
    const steps: Step[] = []
    for (const definition of definitions) steps.push(await createQueue(client, definition, update))
    return [...steps, ...byUrl]
  } finally {
    client.destroy()
  }
}

function isUrl (queue: string): boolean {
  return /^https?:/.test(queue)
}

function givenByUrl (url: string): Step {
  return { kind: 'queue', name: url.slice(url.lastIndexOf('/') + 1), result: 'skipped', detail: 'given by its URL: it is not ours to create' }
}
