/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html */
export const SEND_BATCH_MAX_ENTRIES = 10

/** One message, and the sum of a call: 1 MiB. A queue's own `MaximumMessageSize` may be lower. */
export const SEND_MAX_BYTES = 1024 * 1024

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/using-messagededuplicationid-property.html */
export const DEDUPLICATION_MS = 5 * 60 * 1000

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibility.html: 12 hours. */
export const VISIBILITY_MAX_MS = 12 * 60 * 60 * 1000

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html */
export const RECEIVE_MAX_MESSAGES = 10
export const RECEIVE_MAX_WAIT_MS = 20_000
