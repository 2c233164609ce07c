import { type Clock } from './clock.js'

const SHARE_OF_SUCCESSES = 0.1
const CAPACITY = 500
/** So that a trickle with one bad record may try it again at all. */
const REFILL_PER_SECOND = 5

/**
 * Bounds how much of a stage's work may be repetition: a tenth of its successes. When it is spent the stage sends one
 * call at a time until one passes, instead of multiplying the load on a service in trouble.
 */
export class RetryBudget {
  readonly #clock: Clock
  #tokens = CAPACITY
  #refilledAt: number

  constructor (clock: Clock) {
    this.#clock = clock
    this.#refilledAt = clock.now()
  }

  succeeded (records: number): void {
    this.#tokens = Math.min(CAPACITY, this.#tokens + records * SHARE_OF_SUCCESSES)
  }

  /** Pays for sending `records` again; false when the budget does not hold that much. */
  take (records: number): boolean {
    const now = this.#clock.now()
    this.#tokens = Math.min(CAPACITY, this.#tokens + (now - this.#refilledAt) / 1000 * REFILL_PER_SECOND)
    this.#refilledAt = now
    if (this.#tokens < records) {
      this.#tokens = 0
      return false
    }
    this.#tokens -= records
    return true
  }
}
