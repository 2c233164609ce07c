import { type FailureCode } from '../errors.js'
import { backoffDelay, type Backoff } from './backoff.js'
import { type Clock } from './clock.js'

const FIRST_PROBE_MS = 200
const LONGEST_PROBE_MS = 5_000

/** Why a channel sends nothing but a probe now and then. */
export interface HoldReason {
  /** `stage`: everything of the stage is affected, the intake pauses. `key`: only this batch key; the others go on. */
  readonly scope: 'stage' | 'key'
  readonly code: FailureCode
  readonly detail: string
}

/**
 * A channel that is held: since when, why, and when the next probe may leave. Probes are spaced by capped exponential
 * backoff, never closer than the service asked for.
 */
export class Hold {
  readonly reason: HoldReason
  /** Monotonic ms. */
  readonly since: number
  readonly #clock: Clock
  readonly #backoff: Backoff
  #probes = 0
  #probeAt = 0

  constructor (reason: HoldReason, clock: Clock, random: () => number, retryAfterMs = 0) {
    this.reason = reason
    this.#clock = clock
    this.since = clock.now()
    this.#backoff = { baseMs: FIRST_PROBE_MS, maxMs: LONGEST_PROBE_MS, random }
    this.probeFailed(retryAfterMs)
  }

  /** Monotonic ms. */
  get probeAt (): number {
    return this.#probeAt
  }

  probeFailed (retryAfterMs = 0): void {
    const step = Math.min(LONGEST_PROBE_MS, FIRST_PROBE_MS * 2 ** Math.min(this.#probes, 10))
    // Half fixed, half jitter: a probe that leaves at once would tell nothing.
    const delay = step / 2 + backoffDelay(this.#backoff, this.#probes) / 2
    this.#probes++
    this.#probeAt = this.#clock.now() + Math.max(delay, retryAfterMs)
  }
}
