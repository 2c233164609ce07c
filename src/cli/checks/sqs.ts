import { type SQSClient } from '@aws-sdk/client-sqs'
import { createSqsClient } from '../../connectors/aws/clients.js'
import { clientQueueName, EXPECTED_ATTRIBUTES } from '../../connectors/sqs/definition.js'
import { regionProblem } from '../../connectors/sqs/queue-region.js'
import { type EventsConfig } from '../../service/config/load-config.js'
import { attributeDifferences, findQueue, readAttributes } from '../provision/queues.js'
import { describeAwsError } from '../aws-error.js'
import { type CheckResult, failed, note, passed } from './check-result.js'

const MAX_SOCKETS = 4

interface Target {
  readonly name: string
  /** A queue's name or URL. */
  readonly queue: string
  readonly isRetryQueue: boolean
}

export async function checkQueues (config: EventsConfig): Promise<CheckResult[]> {
  const client = createSqsClient({ ...config.aws, maxSockets: MAX_SOCKETS })
  try {
    const results = await Promise.all(targets(config).map(target => checkQueue(client, target, config)))
    return config.retry.queue === '' ? [...results.flat(), note('retry queue', 'none: failed records stay in place')] : results.flat()
  } finally {
    client.destroy()
  }
}

function targets ({ events, sqs, retry }: EventsConfig): Target[] {
  const clients = events.clients.map(client => ({ name: `queue of ${client}`, queue: sqs.queueUrls[client] ?? clientQueueName(client), isRetryQueue: false }))
  return retry.queue === '' ? clients : [...clients, { name: 'retry queue', queue: retry.queue, isRetryQueue: true }]
}

async function checkQueue (client: SQSClient, { name, queue, isRetryQueue }: Target, config: EventsConfig): Promise<CheckResult[]> {
  try {
    const url = queue.startsWith('http') ? queue : await findQueue(client, queue)
    if (url === undefined) return [failed(name, `${queue} does not exist`, 'penstock create')]
    const attributes = await readAttributes(client, url)
    return judge(name, url, attributes, isRetryQueue, config.validation.maxRecordBytes)
  } catch (error) {
    const { detail, remedy } = describeAwsError(error, 'AWS_ENDPOINT_URL_SQS')
    return [failed(name, detail, remedy)]
  }
}

function judge (name: string, url: string, attributes: Readonly<Record<string, string>>, isRetryQueue: boolean, maxRecordBytes: number): CheckResult[] {
  if (attributes.FifoQueue !== 'true') return [failed(name, `${url} is not a FIFO queue`, 'give it another name, then: penstock create')]
  const foreign = regionProblem(url, attributes.QueueArn)
  if (foreign !== undefined) return [failed(name, foreign, 'set AWS_REGION to the region of the queues, or correct SQS_QUEUE_URLS')]
  const differences = attributeDifferences(EXPECTED_ATTRIBUTES, attributes)
  if (differences.length > 0) {
    const detail = differences.map(difference => `${difference.name} is ${difference.found}, not ${difference.wanted}`).join('; ')
    return [failed(name, `${detail}: 300 calls a second at most`, 'penstock create --update')]
  }
  if (isRetryQueue && attributes.RedrivePolicy !== undefined) {
    return [failed(name, `${url} has a redrive policy: SQS moves messages away by its own count`, 'remove the RedrivePolicy')]
  }
  const limit = Number(attributes.MaximumMessageSize ?? Infinity)
  const results = [passed(name, `${url}, FIFO${Number.isFinite(limit) ? `, up to ${limit} bytes a message` : ''}`)]
  if (limit < maxRecordBytes) results.push(note(name, `takes ${limit} bytes a message, MAX_RECORD_BYTES is ${maxRecordBytes}: larger events go to the dead letters`))
  return results
}
