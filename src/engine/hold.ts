import { type FailureCode } from '../errors.js'
import { backoffDelay, type Backoff } from './backoff.js'
import { type Clock } from './clock.js'

const FIRST_PROBE_MS = 200

/** Why a channel sends nothing but a probe now and then. */
export interface HoldReason {
  /** `stage`: everything of the stage is affected, the intake pauses. `key`: only this batch key; the others go on. */
  readonly scope: 'stage' | 'key'
  readonly code: FailureCode
  readonly detail: string
  /**
   * The service said nothing of itself; calls just failed. It may be one record that makes them fail, so a probe
   * carries a single record, each time of another lane, and whichever passes ends the hold.
   */
  readonly inferred: boolean
}

/**
 * A channel that is held: since when, why, and when the next probe may leave. Probes are spaced by capped exponential
 * backoff, never closer than the service asked for.
 */
export class Hold {
  /** Monotonic ms. */
  readonly since: number
  readonly #clock: Clock
  readonly #backoff: Backoff
  #reason: HoldReason
  #probes = 0
  #probeAt = 0

  constructor (reason: HoldReason, { clock, random, longestProbeMs }: { clock: Clock, random: () => number, longestProbeMs: number }, retryAfterMs = 0) {
    this.#reason = reason
    this.#clock = clock
    this.since = clock.now()
    this.#backoff = { baseMs: FIRST_PROBE_MS, maxMs: longestProbeMs, random }
    this.#probeLater(retryAfterMs)
  }

  get reason (): HoldReason {
    return this.#reason
  }

  /** Monotonic ms. */
  get probeAt (): number {
    return this.#probeAt
  }

  /** A probe did not pass; what it met is the reason from now on. */
  probeFailed (reason: HoldReason, retryAfterMs = 0): void {
    this.#reason = reason
    this.#probeLater(retryAfterMs)
  }

  #probeLater (retryAfterMs: number): void {
    const step = Math.min(this.#backoff.maxMs, FIRST_PROBE_MS * 2 ** Math.min(this.#probes, 30))
    // Half fixed, half jitter: a probe that leaves at once would tell nothing.
    const delay = step / 2 + backoffDelay(this.#backoff, this.#probes) / 2
    this.#probes++
    this.#probeAt = this.#clock.now() + Math.max(delay, retryAfterMs)
  }
}
