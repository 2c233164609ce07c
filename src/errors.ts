/**
 * The one error family of the project: a code from one table, the class that decides what happens to a record,
 * and the cause. Foreign errors are converted at the edge of the connector that met them.
 */

/**
 * What a failure means for the record it happened to.
 * - `poison`: this record can never pass; it goes to the dead letters at once.
 * - `transient`: this record may pass; it is tried again, a bounded number of times.
 * - `environment`: a dependency is sick; the record is held and no attempt is burnt.
 */
export type FailureClass = 'poison' | 'transient' | 'environment'

/** Every failure code with its class and what it says to an operator. The codes are the `reason` of dead letters and a metric label. */
export const FAILURES = {
  // The record's own bytes
  EMPTY_VALUE: ['poison', 'the record has no value (a tombstone, or an empty message)'],
  NOT_UTF8: ['poison', 'the bytes are not valid UTF-8'],
  BYTE_ORDER_MARK: ['poison', 'the text starts with a byte order mark, which JSON forbids'],
  TOO_LARGE: ['poison', 'the record is larger than MAX_RECORD_BYTES'],
  TOO_DEEP: ['poison', 'the JSON is nested deeper than MAX_JSON_DEPTH'],
  TOO_MANY_KEYS: ['poison', 'the JSON has more keys than MAX_JSON_KEYS'],
  NOT_JSON: ['poison', 'the text is not JSON'],
  DUPLICATE_KEY: ['poison', 'an object names the same key twice, so that readers may disagree on its value'],
  FORBIDDEN_KEY: ['poison', 'an object has a key that can pollute prototypes'],
  SCHEMA_VIOLATION: ['poison', 'the event breaks a rule of its schema'],
  NO_SCHEMA_ID: ['poison', 'the value does not begin with a zero byte and a schema id (the Confluent wire format)'],
  UNKNOWN_SCHEMA: ['poison', 'the schema registry does not know the schema id'],
  WRONG_SCHEMA: ['poison', 'the schema of the record can not be read as the schema of the pipeline'],
  NOT_AVRO: ['poison', 'the bytes are not one record of their schema'],
  NO_DESTINATION: ['poison', 'the record names no destination'],
  UNKNOWN_DESTINATION: ['poison', 'no topic is configured for a destination that the record names'],
  VALIDATION_TIMEOUT: ['poison', 'validation did not end in time, alone and with the longer limit'],
  VALIDATION_CRASH: ['poison', 'validation crashed its worker, alone and twice'],
  // What a sink refuses for good
  UNKNOWN_CLIENT: ['poison', 'no queue is configured for this client'],
  ITEM_TOO_LARGE: ['poison', 'the row would be larger than the table takes (400 KB)'],
  KEY_TOO_LARGE: ['poison', 'the key is longer than the table takes (2,048 bytes)'],
  MESSAGE_TOO_LARGE: ['poison', 'the message is larger than the queue takes'],
  REFUSED: ['poison', 'the sink refused this record and took its neighbours'],
  REJECTED: ['poison', 'the destination refused the event itself'],
  ATTEMPTS_EXHAUSTED: ['poison', 'the record failed in every one of its attempts'],
  // May pass
  TIMEOUT: ['transient', 'no answer in time; whether it was done is unknown'],
  CONNECTION: ['transient', 'the connection failed; whether it was done is unknown'],
  SERVER_ERROR: ['transient', 'the service failed'],
  UNPROCESSED: ['transient', 'the service left this record out of a partial write'],
  ENTRY_FAILED: ['transient', 'the service failed this entry and took its neighbours'],
  RETRY_LATER: ['transient', 'the destination asks to send it again later'],
  UNEXPECTED_ANSWER: ['transient', 'the destination answered something that says nothing of the delivery'],
  ABORTED: ['transient', 'the call was given up by this process'],
  UNKNOWN: ['transient', 'an error of an unknown kind'],
  // A dependency is sick
  THROTTLED: ['environment', 'the service throttles'],
  ACCESS_DENIED: ['environment', 'access denied'],
  CREDENTIALS: ['environment', 'the credentials are missing, wrong or expired'],
  NOT_FOUND: ['environment', 'the table, queue or topic does not exist'],
  UNAVAILABLE: ['environment', 'the service does not answer'],
  FORBIDDEN_ADDRESS: ['environment', 'the destination is in a network that may not be reached'],
  NAME_LOOKUP_FAILED: ['environment', 'the name servers do not say where the destination is'],
  TLS_FAILED: ['environment', 'no TLS with the destination: its certificate is not trusted, or it speaks another protocol'],
  VALIDATION_UNAVAILABLE: ['environment', 'no validation worker starts'],
  MISCONFIGURED: ['environment', 'the service refuses every record: its definition and ours differ']
} as const satisfies Record<string, readonly [FailureClass, string]>

export type FailureCode = keyof typeof FAILURES

export function classOf (code: FailureCode): FailureClass {
  return FAILURES[code][0]
}

/** An error with a code of the table. Its message never holds a record's value or a secret. */
export class AppError extends Error {
  readonly code: FailureCode

  constructor (code: FailureCode, detail?: string, options?: ErrorOptions) {
    super(detail === undefined ? FAILURES[code][1] : `${FAILURES[code][1]}: ${detail}`, options)
    this.name = 'AppError'
    this.code = code
  }

  get class (): FailureClass {
    return classOf(this.code)
  }
}

/** A mistake of the operator: shown as its message alone, without a stack; `problems` are reported all at once. */
export class UsageError extends Error {
  readonly problems: readonly string[]

  constructor (message: string, problems: readonly string[] = []) {
    super([message, ...problems.map(problem => `  - ${problem}`)].join('\n'))
    this.name = 'UsageError'
    this.problems = problems
  }
}

/** Text of whatever was thrown, for logs: a rejection may be `undefined` or `{}`. */
export function describeError (error: unknown): string {
  if (error instanceof Error) return error.message === '' ? error.name : error.message
  if (typeof error === 'string' && error !== '') return error
  return `no error given (${error === null ? 'null' : typeof error})`
}
