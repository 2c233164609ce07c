import { type Random } from '../../../generator/random.js'

/** How a destination of the demo answers the `attempt`-th request of an event, from 1; 0: not at all. */
export interface Behaviour {
  readonly name: string
  /** For people. */
  readonly what: string
  /** Requests of every event, where it always behaves alike. */
  readonly attempts?: number
  /** What is configured for it alone. */
  readonly settings?: object
  answer (attempt: number, random: Random): number
}

export const RETRIES = 3
const ALL_ATTEMPTS = 1 + RETRIES
const FAILING_SHARE = 0.5
/** Long enough for a request to arrive on a busy machine: one that does not can not be recorded. */
const TIMEOUT_MS = 250
/** More than ever fail in a row: with an open breaker the timeouts would be waited for one after the other. */
const BREAKER_FAILURES = 1_000

/** Those of the original's demonstration, and one that fails at random. */
export const BEHAVIOURS: readonly Behaviour[] = [
  { name: 'snowflake', what: 'always fails', attempts: ALL_ATTEMPTS, answer: () => 500 },
  { name: 'postgres', what: 'always fails', attempts: ALL_ATTEMPTS, answer: () => 503 },
  { name: 'bigquery', what: 'always succeeds', attempts: 1, answer: () => 200 },
  { name: 'redshift', what: 'fails once', attempts: 2, answer: attempt => attempt === 1 ? 500 : 200 },
  { name: 'azureDataLake', what: 'times out', attempts: ALL_ATTEMPTS, settings: { timeoutMs: TIMEOUT_MS, connectTimeoutMs: TIMEOUT_MS, breakerFailures: BREAKER_FAILURES }, answer: () => 0 },
  { name: 'random', what: 'fails at random', answer: (_attempt, random) => random.fraction() < FAILING_SHARE ? 500 : 200 }
]
