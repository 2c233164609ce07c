import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { SQSClient } from '@aws-sdk/client-sqs'

export interface AwsClientOptions {
  /** Without it the SDK's own chain decides: AWS_REGION, then the profile. */
  readonly region?: string | undefined
  /** Without it the SDK's own chain decides: AWS_ENDPOINT_URL_<SERVICE>, AWS_ENDPOINT_URL, then the region. */
  readonly endpoint?: string | undefined
  /** At least the calls that can be in flight: a call that waits for a socket is already on its deadline. */
  readonly maxSockets: number
  readonly connectTimeoutMs: number
  /** From the request's first byte to the response's first; the body has the deadline of `callWithin`. */
  readonly requestTimeoutMs: number
  /** Stands in the user agent of every call, as `penstock/1.2.3`. */
  readonly version?: string | undefined
}

export function createDynamoDBClient (options: AwsClientOptions): DynamoDBClient {
  return new DynamoDBClient(clientConfig(options))
}

/**
 * The host of a queue's URL is never used, only the endpoint of the client: with an endpoint from the environment the
 * SDK would otherwise send past it. The digests of bodies are compared by `send-entries.ts`, which can tell which entry
 * is wrong; the SDK would fail the whole call.
 */
export function createSqsClient (options: AwsClientOptions): SQSClient {
  return new SQSClient({ ...clientConfig(options), useQueueUrlAsEndpoint: false, md5: false })
}

function clientConfig (options: AwsClientOptions) {
  const agent = { keepAlive: true, maxSockets: options.maxSockets }
  return {
    ...(options.region === undefined ? {} : { region: options.region }),
    ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
    // The engine is the one retry layer.
    maxAttempts: 1,
    customUserAgent: [['penstock', options.version ?? '0']] satisfies Array<[string, string]>,
    requestHandler: {
      connectionTimeout: options.connectTimeoutMs,
      requestTimeout: options.requestTimeoutMs,
      // Without it a breach is only logged.
      throwOnRequestTimeout: true,
      httpAgent: agent,
      httpsAgent: agent
    }
  }
}
