import { type FailureCode } from '../errors.js'

/**
 * What became of one record in one call of a stage. A stage returns exactly one per record, in the order of its batch.
 * The engine owns attempts, backoff, holds and dead letters; a stage only classifies.
 */
export type Outcome = Done | Poison | Transient | Environment

export interface Done {
  readonly class: 'done'
}

/** This record can never pass. */
export interface Poison {
  readonly class: 'poison'
  readonly code: FailureCode
  /** For people: the JSON path and rule, or the service's own error name. Never the value. */
  readonly detail: string
}

/** This record may pass. */
export interface Transient {
  readonly class: 'transient'
  readonly code: FailureCode
  readonly detail: string
  /** The service asked to wait at least this long. */
  readonly retryAfterMs?: number
  /** Throttling of a part of the call: tried again, but it burns no attempt. */
  readonly throttled?: boolean
}

/** The dependency is sick, for the whole stage or for one batch key of it. */
export interface Environment {
  readonly class: 'environment'
  readonly scope: 'stage' | 'key'
  readonly code: FailureCode
  readonly detail: string
  readonly retryAfterMs?: number
}

/** No answer about the record came back: it may or may not have been taken. */
export function isUnanswered (outcome: Outcome): boolean {
  return outcome.class === 'transient' && UNANSWERED.has(outcome.code)
}

const UNANSWERED: ReadonlySet<FailureCode> = new Set(['TIMEOUT', 'CONNECTION', 'SERVER_ERROR', 'UNKNOWN', 'ABORTED'])

export const DONE: Done = { class: 'done' }

export function poison (code: FailureCode, detail: string): Poison {
  return { class: 'poison', code, detail }
}

export function transient (code: FailureCode, detail: string, extra: Pick<Transient, 'retryAfterMs' | 'throttled'> = {}): Transient {
  return { class: 'transient', code, detail, ...extra }
}

export function environment (scope: Environment['scope'], code: FailureCode, detail: string, extra: Pick<Environment, 'retryAfterMs'> = {}): Environment {
  return { class: 'environment', scope, code, detail, ...extra }
}
