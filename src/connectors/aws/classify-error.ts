import { AppError, classOf, type FailureCode } from '../../errors.js'
import { environment, type Environment, type Outcome, poison, transient } from '../../engine/outcome.js'

/** What an error of a whole call says. `REFUSED` speaks of the call: who in it is to blame is for the caller to find out. */
export interface CallFailure {
  readonly code: FailureCode
  readonly detail: string
  readonly retryAfterMs?: number
}

/**
 * Error names as AWS services give them, without a `Exception` at the end and without what stands before a `#` or dot.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/CommonErrors.html
 */
const SERVICE_ERRORS = {
  THROTTLED: [
    'ProvisionedThroughputExceeded', 'Throttling', 'Throttled', 'ThrottledRequest', 'RequestLimitExceeded',
    'RequestThrottled', 'RequestThrottling', 'TooManyRequests', 'LimitExceeded', 'SlowDown', 'BandwidthLimitExceeded',
    'OverLimit'
  ],
  ACCESS_DENIED: ['AccessDenied', 'NotAuthorized', 'OptInRequired', 'InvalidSecurity', 'InaccessibleEncryptionDateTime'],
  CREDENTIALS: [
    'UnrecognizedClient', 'ExpiredToken', 'InvalidSignature', 'SignatureDoesNotMatch', 'IncompleteSignature',
    'MissingAuthenticationToken', 'InvalidClientTokenId', 'InvalidAccessKeyId', 'AuthFailure', 'RequestExpired',
    'RequestTimeTooSkewed', 'RequestInTheFuture', 'CredentialsProviderError', 'TokenProviderError', 'ProviderError'
  ],
  NOT_FOUND: ['ResourceNotFound', 'QueueDoesNotExist', 'NonExistentQueue', 'QueueDeletedRecently', 'TableNotFound'],
  MISCONFIGURED: ['InvalidAddress', 'UnsupportedOperation', 'UnknownOperation', 'InvalidAction'],
  SERVER_ERROR: ['InternalServerError', 'InternalServer', 'InternalFailure', 'InternalError', 'ServiceUnavailable', 'TransactionInProgress', 'ReplicatedWriteConflict', 'TransactionConflict'],
  REFUSED: [
    'Validation', 'ValidationError', 'Serialization', 'InvalidParameterValue', 'InvalidParameterCombination',
    'MissingParameter', 'InvalidMessageContents', 'BatchRequestTooLong', 'InvalidAttributeValue', 'InvalidAttributeName',
    'ItemCollectionSizeLimitExceeded', 'RequestEntityTooLarge', 'MalformedQueryString'
  ],
  TIMEOUT: ['TimeoutError', 'RequestTimeout'],
  ABORTED: ['AbortError']
} as const satisfies Partial<Record<FailureCode, readonly string[]>>

/** Errors of the connection, by Node's error code. The first group says plainly that nothing was sent. */
const CONNECTION_ERRORS = {
  UNAVAILABLE: [
    'ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'EHOSTUNREACH', 'ENETUNREACH', 'ENETDOWN', 'EADDRNOTAVAIL', 'EMFILE',
    'CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'ERR_TLS_CERT_ALTNAME_INVALID'
  ],
  CONNECTION: ['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'EPROTO', 'ERR_STREAM_PREMATURE_CLOSE', 'ERR_SOCKET_CLOSED'],
  TIMEOUT: ['ETIMEDOUT', 'ESOCKETTIMEDOUT']
} as const satisfies Partial<Record<FailureCode, readonly string[]>>

const BY_NAME = index(SERVICE_ERRORS)
const BY_CONNECTION = index(CONNECTION_ERRORS)

/** Codes whose message names an ARN, a table or an address and nothing of a record, so an operator may see it. */
const TELLING = new Set<FailureCode>(['ACCESS_DENIED', 'NOT_FOUND', 'UNAVAILABLE', 'MISCONFIGURED'])
const MAX_DETAIL_CHARACTERS = 200
/** A balancer in front of the service may ask for an hour. */
const LONGEST_REST_MS = 60_000

const OF_ALL_CALLS = new Set<FailureCode>(['CREDENTIALS', 'UNAVAILABLE'])

/**
 * Converts whatever a call of the SDK rejected with. Only error names reach the detail, but for codes whose message
 * can hold neither a value nor a secret: a refused signature, for one, is answered with all the headers that were signed.
 */
export function classifyError (error: unknown): CallFailure {
  const shape: ErrorShape = typeof error === 'object' && error !== null ? error : {}
  const code = codeOf(shape)
  const retryAfterMs = retryAfter(shape)
  return { code, detail: detailOf(code, shape), ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
}

/** For errors that are not about a record. */
export function toAppError (error: unknown): AppError {
  const { code, detail } = classifyError(error)
  return new AppError(classOf(code) === 'poison' ? 'MISCONFIGURED' : code, detail, { cause: error })
}

/** The failure code of an error name as a service gives it: of a whole call, or of one entry of a batch. */
export function codeOfServiceError (name: string): FailureCode | undefined {
  // KmsDisabled, KMS.DisabledException, …: the key of the queue or table, not the record.
  if (/^kms\.?[a-z]/i.test(name)) return /throttl/i.test(name) ? 'THROTTLED' : 'ACCESS_DENIED'
  return BY_NAME.get(name.replace(/^.*[#.]/, '').replace(/Exception$/, ''))
}

/**
 * The outcome of one record of a failed call. `scope` is where a failure of the table or queue reaches; credentials and
 * the way to the service are those of all calls of a stage.
 */
export function outcomeOf (failure: CallFailure, scope: Environment['scope']): Outcome {
  const { code, detail } = failure
  const extra = failure.retryAfterMs === undefined ? {} : { retryAfterMs: failure.retryAfterMs }
  switch (classOf(code)) {
    case 'poison': return poison(code, detail)
    case 'transient': return transient(code, detail, extra)
    case 'environment': return environment(OF_ALL_CALLS.has(code) ? 'stage' : scope, code, detail, extra)
  }
}

interface ErrorShape {
  readonly name?: unknown
  readonly message?: unknown
  readonly code?: unknown
  readonly errors?: unknown
  readonly $metadata?: { readonly httpStatusCode?: unknown }
  readonly $response?: { readonly headers?: Readonly<Record<string, string | undefined>> }
}

function codeOf (error: ErrorShape): FailureCode {
  // First: the SDK gives a reset connection the name TimeoutError.
  const connection = connectionCode(error)
  if (connection !== undefined) return connection
  const service = typeof error.name === 'string' ? codeOfServiceError(error.name) : undefined
  if (service !== undefined) return service
  const status = error.$metadata?.httpStatusCode
  if (status === 429) return 'THROTTLED'
  if (status === 413) return 'REFUSED'
  if (status === 401) return 'CREDENTIALS'
  if (status === 403) return 'ACCESS_DENIED'
  if (typeof status === 'number' && status >= 500) return 'SERVER_ERROR'
  return 'UNKNOWN'
}

function connectionCode (error: ErrorShape): FailureCode | undefined {
  const code = typeof error.code === 'string' ? codeOfConnection(error.code) : undefined
  if (code !== undefined || !Array.isArray(error.errors)) return code
  // Several addresses were tried.
  const codes = error.errors.map((each: ErrorShape | undefined) => connectionCode(each ?? {}))
  return codes.find(each => each !== undefined)
}

/** What begins like this comes from Node's HTTP parser and from OpenSSL: what came is no HTTP, or no TLS. */
const NO_PROTOCOL = /^(HPE|ERR_SSL)_/

function codeOfConnection (code: string): FailureCode | undefined {
  return BY_CONNECTION.get(code) ?? (NO_PROTOCOL.test(code) ? 'CONNECTION' : undefined)
}

function detailOf (code: FailureCode, error: ErrorShape): string {
  const name = typeof error.code === 'string' ? error.code : typeof error.name === 'string' ? error.name : 'no error given'
  const status = error.$metadata?.httpStatusCode
  const text = typeof status === 'number' && status >= 500 ? `${name}, status ${status}` : name
  return TELLING.has(code) && typeof error.message === 'string' ? `${text}: ${error.message}`.slice(0, MAX_DETAIL_CHARACTERS) : text
}

/** https://www.rfc-editor.org/rfc/rfc9110#name-retry-after, in seconds; the form with a date is not used by AWS. */
function retryAfter (error: ErrorShape): number | undefined {
  const seconds = Number(error.$response?.headers?.['retry-after'] ?? NaN)
  return Number.isFinite(seconds) && seconds >= 0 ? Math.min(seconds * 1000, LONGEST_REST_MS) : undefined
}

function index (table: Readonly<Partial<Record<FailureCode, readonly string[]>>>): ReadonlyMap<string, FailureCode> {
  return new Map(Object.entries(table).flatMap(([code, names]) => names.map(name => [name, code as FailureCode] as const)))
}
