import { classifyError } from '../connectors/aws/classify-error.js'
import { AppError, describeError, FAILURES, type FailureCode } from '../errors.js'

const REMEDIES: Partial<Record<FailureCode, string>> = {
  CREDENTIALS: 'give the process credentials by one of the ways of the AWS SDK, and look at the clock',
  ACCESS_DENIED: 'attach the policy in resource/iam/events-service.json to its role',
  TIMEOUT: 'look at the network and at AWS_REQUEST_TIMEOUT_MS'
}

/** An error of the SDK in words for an operator. Messages of the SDK may hold signed headers; error names do not. */
export function describeAwsError (error: unknown, endpointVariable: string): { detail: string, remedy: string } {
  if (error instanceof AppError) return { detail: error.message, remedy: REMEDIES[error.code] ?? 'try again' }
  // Thrown by the SDK before any call; its message holds no secret.
  if (describeError(error) === 'Region is missing') return { detail: 'no region is set', remedy: 'set AWS_REGION' }
  const { code, detail } = classifyError(error)
  return { detail: `${FAILURES[code][1]}: ${detail}`, remedy: REMEDIES[code] ?? `look at AWS_REGION, AWS_ENDPOINT_URL and ${endpointVariable}` }
}
