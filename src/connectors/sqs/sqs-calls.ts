import { type SQSClient } from '@aws-sdk/client-sqs'

/** How SQS is called by the SDK. */
export interface SqsCalls {
  readonly client: Pick<SQSClient, 'send'>
  /** The end of every call, from its first byte to the last byte of its answer. */
  readonly callTimeoutMs: number
}
