import { integer, number, oneOf, string, stringMap } from './knob.js'

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html */
const BATCH_WRITE_MAX_ITEMS = 25
/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html */
const SEND_BATCH_MAX_ENTRIES = 10
/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html: 12 hours */
const VISIBILITY_MAX_MS = 43_200_000
const URL = /^https?:\/\/[^\s]+$/

export const dynamodbKnobs = {
  batchRecords: integer('DYNAMODB_BATCH_RECORDS', {
    description: 'Rows per BatchWriteItem.',
    default: BATCH_WRITE_MAX_ITEMS,
    unit: 'records',
    min: 1,
    max: BATCH_WRITE_MAX_ITEMS
  }),
  batchLingerMs: integer('DYNAMODB_BATCH_LINGER_MS', {
    description: 'How long a row that could go waits for company before a call leaves that is not full.',
    default: 10,
    unit: 'ms',
    min: 0,
    max: 60_000
  }),
  concurrency: integer('DYNAMODB_CONCURRENCY', {
    description: 'Calls in flight.',
    default: 24,
    min: 1,
    max: 1_000
  })
}

export const sqsKnobs = {
  queueUrls: stringMap('SQS_QUEUE_URLS', {
    description: 'Client → queue URL. A client that is not named uses the queue `<client>.fifo`.',
    default: {},
    example: '{"Client_A":"https://sqs.eu-west-1.amazonaws.com/123456789012/Client_A.fifo"}',
    value: URL,
    valueSays: 'a URL'
  }),
  messageGroup: oneOf('SQS_MESSAGE_GROUP', ['partition', 'client', 'key', 'uid'], {
    description: 'What makes a FIFO group, beside the client: order is kept, and calls wait for each other, within one.',
    default: 'partition'
  }),
  order: oneOf('SQS_ORDER', ['batch', 'strict'], {
    description: '`batch`: a failed record may be overtaken by records of its own call. `strict`: one record of a group per call, no retry queue, never overtaken.',
    default: 'batch'
  }),
  batchRecords: integer('SQS_BATCH_RECORDS', {
    description: 'Messages per SendMessageBatch.',
    default: SEND_BATCH_MAX_ENTRIES,
    unit: 'records',
    min: 1,
    max: SEND_BATCH_MAX_ENTRIES
  }),
  batchLingerMs: integer('SQS_BATCH_LINGER_MS', {
    description: 'How long a message that could go waits for company before a call leaves that is not full; behind a call of its group it could not.',
    default: 10,
    unit: 'ms',
    min: 0,
    max: 60_000
  }),
  concurrency: integer('SQS_CONCURRENCY', {
    description: 'Calls in flight per queue.',
    default: 16,
    min: 1,
    max: 1_000
  })
}

/** Of a pipeline with a retry queue. */
export const retryQueueKnobs = {
  restMs: integer('RETRY_REST_MS', {
    description: 'How long a record rests in the retry queue after its first pass; doubled after each further one, up to 5 minutes.',
    default: 5_000,
    unit: 'ms',
    min: 0,
    max: 300_000
  }),
  holdMaxMs: integer('HOLD_MAX_MS', {
    description: 'How long the records of one sick queue are held before they go to the retry queue.',
    default: 120_000,
    unit: 'ms',
    min: 0,
    max: 240_000
  }),
  queue: string('RETRY_QUEUE', {
    description: 'Retry queue, by name or URL. Empty: none; records stay in place until they pass or their attempts are spent.',
    default: 'retry.fifo',
    emptyIsValue: true,
    pattern: /^$|^(https?:\/\/\S+|[a-zA-Z0-9_-]{1,75})\.fifo$/,
    patternSays: 'the name or URL of a FIFO queue'
  }),
  creditShare: number('RETRY_CREDIT_SHARE', {
    description: 'Part of the records in flight that is kept for the retry queue.',
    default: 0.1,
    unit: 'share',
    min: 0.01,
    max: 0.9
  }),
  visibilityMs: integer('RETRY_VISIBILITY_MS', {
    description: 'How long a received message stays hidden from other processes; prolonged while it is worked on.',
    default: 60_000,
    unit: 'ms',
    min: 5_000,
    max: VISIBILITY_MAX_MS
  })
}

export const awsKnobs = {
  transport: oneOf('AWS_TRANSPORT', ['signed', 'sdk'], {
    description: 'What carries the batches. `signed`: signed by Penstock and sent as bytes, at a fraction of the CPU; endpoint, credentials and region are still the AWS SDK\'s, which takes over by itself for FIPS and dual-stack endpoints. `sdk`: the AWS SDK.',
    default: 'signed'
  }),
  connectTimeoutMs: integer('AWS_CONNECT_TIMEOUT_MS', {
    description: 'Longest wait for a connection.',
    default: 2_000,
    unit: 'ms',
    min: 50,
    max: 60_000
  }),
  requestTimeoutMs: integer('AWS_REQUEST_TIMEOUT_MS', {
    description: 'Longest wait for the answer of one call. There is one retry layer, the engine\'s: `AWS_MAX_ATTEMPTS` has no effect.',
    default: 5_000,
    unit: 'ms',
    min: 100,
    max: 120_000
  })
}
