import { pino, type DestinationStream, type Logger } from 'pino'
import { describeError } from '../errors.js'

export type { Logger }

/** Longest text in a log line; a longer one is cut and says so. Texts come from errors of foreign code. */
const MAX_TEXT_CHARS = 4_096
const MAX_CAUSES = 3

export interface LoggerOptions {
  readonly level: string
  /** Values that never appear in a line, wherever they come from. */
  readonly secrets?: readonly string[]
  /** Standard output by default. */
  readonly destination?: DestinationStream
}

/**
 * One JSON object a line: ISO time, level as text. JSON escapes control characters, so one event is always one line.
 * Records' payloads never go in; log a hash and an offset.
 */
export function createLogger ({ level, secrets = [], destination }: LoggerOptions): Logger {
  const redact = redactor(secrets)
  return pino({
    level,
    base: { pid: process.pid },
    messageKey: 'message',
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: {
      level: label => ({ level: label }),
      log: capFields
    },
    serializers: { error: error => serializeError(error), err: error => serializeError(error) },
    hooks: {
      logMethod (args, method) {
        method.apply(this, args.map(argument => typeof argument === 'string' ? cap(argument) : argument) as typeof args)
      },
      streamWrite: redact
    }
  }, destination ?? pino.destination({ fd: 1, sync: true }))
}

/** Replaces secrets in a finished line, where they may stand JSON-escaped. */
function redactor (secrets: readonly string[]): (line: string) => string {
  const needles = secrets.filter(secret => secret !== '').map(secret => JSON.stringify(secret).slice(1, -1))
  if (needles.length === 0) return line => line
  return line => needles.reduce((text, needle) => text.replaceAll(needle, '[redacted]'), line)
}

function capFields (fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, typeof value === 'string' ? cap(value) : value]))
}

/** Whatever was thrown. A chain of causes may be a ring. */
function serializeError (error: unknown, depth = 0): unknown {
  if (!(error instanceof Error) || depth > MAX_CAUSES) return cap(describeError(error))
  return {
    name: error.name,
    code: 'code' in error ? error.code : undefined,
    message: cap(error.message),
    stack: cap(error.stack ?? ''),
    cause: error.cause === undefined ? undefined : serializeError(error.cause, depth + 1)
  }
}

function cap (text: string): string {
  return text.length <= MAX_TEXT_CHARS ? text : `${text.slice(0, MAX_TEXT_CHARS)}… (${text.length} characters)`
}
