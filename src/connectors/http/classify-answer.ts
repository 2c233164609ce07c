import { NODATA, NOTFOUND } from 'node:dns'
import { errors } from 'undici'
import { DONE, environment, type Outcome, poison, transient } from '../../engine/outcome.js'
import { AppError, describeError } from '../../errors.js'

/**
 * What a destination's answer means for the event that was sent. The status alone decides.
 *
 * | status | outcome |
 * |---|---|
 * | 2xx | done |
 * | 408, 425, 429, 5xx | transient |
 * | 400, 413, 422 | poison: the event itself is refused |
 * | 401, 403, 404, 405, 406, 407, 410, 411, 415, 426, 431, 3xx | environment: they would be said of every event |
 * | others | transient: they say nothing of the delivery, and what is odd about one event ends with its retries |
 *
 * `retryAfterMs`: the pause that the destination asked for.
 */
export function outcomeOfAnswer (status: number, retryAfterMs?: number): Outcome {
  const detail = `answered ${status}`
  const pause = retryAfterMs === undefined ? {} : { retryAfterMs }
  if (status >= 200 && status < 300) return DONE
  if (status >= 300 && status < 400) return environment('stage', 'MISCONFIGURED', `${detail}: redirects are not followed, its URL has to be where they lead`, pause)
  if (status >= 500) return transient('SERVER_ERROR', detail, pause)
  switch (status) {
    case 400:
    case 413:
    case 422:
      return poison('REJECTED', detail)
    case 401:
    case 407:
      return environment('stage', 'CREDENTIALS', detail, pause)
    case 403:
      return environment('stage', 'ACCESS_DENIED', detail, pause)
    case 404:
    case 410:
      return environment('stage', 'NOT_FOUND', detail, pause)
    case 405:
    case 406:
    case 411:
    case 415:
    case 426:
    case 431:
      return environment('stage', 'MISCONFIGURED', `${detail}: method or headers do not suit it`, pause)
    case 408:
    case 425:
    case 429:
      return transient('RETRY_LATER', detail, pause)
    default:
      return transient('UNEXPECTED_ANSWER', detail, pause)
  }
}

/** What it means that there was none. */
export function outcomeOfFailure (error: unknown): Outcome {
  if (error instanceof AppError) {
    return error.class === 'environment' ? environment('stage', error.code, error.message) : transient(error.code, error.message)
  }
  const code = codeOf(error)
  const detail = code === '' ? describeError(error) : `${code}: ${describeError(error)}`
  if (code === NOTFOUND || code === NODATA) return environment('stage', 'NOT_FOUND', 'there is no such host name, or it has no address')
  if (TLS_ERROR.test(code)) return environment('stage', 'TLS_FAILED', detail)
  if (code === 'UND_ERR_CONNECT_TIMEOUT') return transient('TIMEOUT', 'no connection in time')
  if (error instanceof errors.HTTPParserError || error instanceof errors.HeadersOverflowError) return transient('UNEXPECTED_ANSWER', 'the answer is no HTTP')
  return transient('CONNECTION', detail)
}

/** https://nodejs.org/api/tls.html#x509-certificate-error-codes, and what OpenSSL says of a handshake */
const TLS_ERROR = /^(CERT_|UNABLE_TO_|ERR_TLS_|ERR_SSL_|EPROTO$|DEPTH_ZERO_SELF_SIGNED_CERT$|SELF_SIGNED_CERT_IN_CHAIN$|INVALID_CA$|INVALID_PURPOSE$|PATH_LENGTH_EXCEEDED$|HOSTNAME_MISMATCH$)/

/** Of several addresses that were tried, the last tells. */
function codeOf (error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors.at(-1))
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : ''
}
