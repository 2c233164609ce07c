import { AppError, type FailureCode } from '../../errors.js'

/**
 * What kept a call from its answer.
 * - `not-found`: the registry says that there is no such schema, subject or version (a 404 with a code of its own).
 * - `incompatible`: it refuses the schema for its subject. Time does not help.
 * - `credentials`: it does not accept ours, or they lack the right.
 * - `away`: it does not answer, fails, throttles, or what answers is no registry.
 */
export type RegistryFailure = 'not-found' | 'incompatible' | 'credentials' | 'away'

/** A call to the schema registry that failed. The message never holds a credential. */
export class RegistryError extends AppError {
  readonly failure: RegistryFailure

  constructor (failure: RegistryFailure, code: FailureCode, detail: string, options?: ErrorOptions) {
    super(code, detail, options)
    this.name = 'RegistryError'
    this.failure = failure
  }
}

/**
 * What an answer that is no success means. Only a registry answers 404 with one of its own codes; another 404 comes from
 * something in between, or from a wrong path in the URL, and says nothing about a schema.
 * https://docs.confluent.io/platform/current/schema-registry/develop/api.html#errors
 */
export function errorOfAnswer (call: string, status: number, body: unknown): RegistryError {
  const { errorCode, message } = errorIn(body)
  const detail = `${call}: ${status}${errorCode === undefined ? '' : ` (${errorCode})`}${message === undefined ? '' : `, ${message}`}`
  switch (status) {
    case 401: return new RegistryError('credentials', 'CREDENTIALS', detail)
    case 403: return new RegistryError('credentials', 'ACCESS_DENIED', detail)
    case 404: return errorCode !== undefined && NOT_FOUND_CODES.has(errorCode)
      ? new RegistryError('not-found', 'NOT_FOUND', detail)
      : new RegistryError('away', 'MISCONFIGURED', `${detail}; no schema registry answers under this URL`)
    case 409:
    case 422: return new RegistryError('incompatible', 'MISCONFIGURED', detail)
    case 429: return new RegistryError('away', 'THROTTLED', detail)
    default: return new RegistryError('away', status >= 500 ? 'UNAVAILABLE' : 'MISCONFIGURED', detail)
  }
}

/** Subject, version and schema not found. */
const NOT_FOUND_CODES = new Set([40401, 40402, 40403])
const MAX_MESSAGE_CHARS = 300

function errorIn (body: unknown): { errorCode?: number, message?: string } {
  if (typeof body !== 'object' || body === null) return {}
  const { error_code: errorCode, message } = body as { error_code?: unknown, message?: unknown }
  return {
    ...(typeof errorCode === 'number' ? { errorCode } : {}),
    ...(typeof message === 'string' ? { message: message.slice(0, MAX_MESSAGE_CHARS) } : {})
  }
}
