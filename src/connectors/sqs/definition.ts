/** A queue as `penstock create` makes it: SQS takes every attribute as text. */
export interface QueueDefinition {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly tags: Readonly<Record<string, string>>
}

/** The longest that SQS keeps a message: 14 days. The default of 4 would lose what a client has not fetched in a long weekend. */
const MAX_RETENTION_SECONDS = 1_209_600
/** The most that SQS takes: 1 MiB. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html */
const MAX_MESSAGE_BYTES = 1_048_576
const RETRY_VISIBILITY_SECONDS = 60

/**
 * High-throughput FIFO: without the first two a queue takes 300 calls a second.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/high-throughput-fifo.html
 * Content-based deduplication is only for producers that send no id of their own; Penstock always does.
 */
const FIFO_ATTRIBUTES = {
  FifoQueue: 'true',
  ContentBasedDeduplication: 'true',
  DeduplicationScope: 'messageGroup',
  FifoThroughputLimit: 'perMessageGroupId',
  MessageRetentionPeriod: String(MAX_RETENTION_SECONDS),
  MaximumMessageSize: String(MAX_MESSAGE_BYTES),
  SqsManagedSseEnabled: 'true'
} as const

/** Attributes that `penstock check` wants: without them the queue is the wrong kind, or slow. */
export const EXPECTED_ATTRIBUTES: Readonly<Record<string, string>> = {
  FifoQueue: FIFO_ATTRIBUTES.FifoQueue,
  DeduplicationScope: FIFO_ATTRIBUTES.DeduplicationScope,
  FifoThroughputLimit: FIFO_ATTRIBUTES.FifoThroughputLimit
}

export function clientQueueName (client: string): string {
  return `${client}.fifo`
}

/** The queue of one client. resource/cloudformation/queues.yaml says the same for the four clients of the document. */
export function clientQueueDefinition (client: string): QueueDefinition {
  return {
    name: clientQueueName(client),
    attributes: FIFO_ATTRIBUTES,
    tags: { Client: client, Environment: 'Production' }
  }
}

/**
 * The retry queue (resource/cloudformation/retry-queue.yaml). It has no redrive policy: SQS would move messages away
 * by its receive count, which also counts holds and crashes, and without a reason.
 */
export function retryQueueDefinition (name: string): QueueDefinition {
  return {
    name,
    attributes: { ...FIFO_ATTRIBUTES, VisibilityTimeout: String(RETRY_VISIBILITY_SECONDS) },
    tags: { Client: 'Retry', Environment: 'Production' }
  }
}
