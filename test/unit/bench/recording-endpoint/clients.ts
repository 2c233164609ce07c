import { BatchWriteItemCommand, type BatchWriteItemCommandOutput, type DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { SendMessageBatchCommand, type SendMessageBatchCommandOutput, type SQSClient } from '@aws-sdk/client-sqs'
import { createDynamoDBClient, createSqsClient } from '../../../../src/connectors/aws/clients.js'
import { type RecordingEndpoint, type RecordingEndpointOptions, startRecordingEndpoint } from '../../../../bench/recording-endpoint/recording-endpoint.js'

process.env.AWS_ACCESS_KEY_ID = 'test'
process.env.AWS_SECRET_ACCESS_KEY = 'test'

/** An endpoint and the clients of the service, which give up after half a second. */
export interface Clients {
  readonly endpoint: RecordingEndpoint
  readonly dynamodb: DynamoDBClient
  readonly sqs: SQSClient
}

export async function startWithClients (t: { teardown (handler: () => Promise<void>): void }, options: RecordingEndpointOptions = {}): Promise<Clients> {
  const endpoint = await startRecordingEndpoint(options)
  const client = { region: 'eu-west-1', endpoint: endpoint.url, maxSockets: 4, connectTimeoutMs: 500, requestTimeoutMs: 500 }
  const clients = { endpoint, dynamodb: createDynamoDBClient(client), sqs: createSqsClient(client) }
  t.teardown(async () => {
    clients.dynamodb.destroy()
    clients.sqs.destroy()
    await endpoint.close()
  })
  return clients
}

export function itemOf (uid: string, offset: number) {
  return { UUID: { S: uid }, SourcePartition: { N: '0' }, SourceOffset: { N: String(offset) } }
}

/** In one call, from offsets 0, 1, … of partition 0. */
export async function store ({ dynamodb }: Pick<Clients, 'dynamodb'>, uids: readonly string[]): Promise<BatchWriteItemCommandOutput> {
  return await dynamodb.send(new BatchWriteItemCommand({ RequestItems: { events: uids.map((uid, offset) => ({ PutRequest: { Item: itemOf(uid, offset) } })) } }))
}

/** In one call, to one group, deduplicated by the uid. */
export async function send ({ sqs, endpoint }: Pick<Clients, 'sqs'> & { readonly endpoint: Pick<RecordingEndpoint, 'url'> }, uids: readonly string[], queue = 'A.fifo'): Promise<SendMessageBatchCommandOutput> {
  return await sqs.send(new SendMessageBatchCommand({
    QueueUrl: queueUrl(endpoint, queue),
    Entries: uids.map((uid, index) => ({ Id: String(index), MessageBody: JSON.stringify({ uid }), MessageGroupId: 'g', MessageDeduplicationId: uid }))
  }))
}

export function queueUrl (endpoint: Pick<RecordingEndpoint, 'url'>, queue: string): string {
  return `${endpoint.url}/000000000000/${queue}`
}
