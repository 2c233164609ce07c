import { type Clock } from '../engine/clock.js'

/**
 * So much a second, and at most one second's worth at once. What was let in is paid for afterwards, so that a batch
 * larger than the bucket passes too, and what comes after it waits for longer.
 */
export class TokenBucket {
  readonly #perSecond: number
  readonly #clock: Clock
  #tokens: number
  #filledAt: number

  constructor (perSecond: number, clock: Clock) {
    this.#perSecond = perSecond
    this.#clock = clock
    this.#tokens = perSecond
    this.#filledAt = clock.now()
  }

  /** How long until something may be let in, in ms; 0: now. */
  get waitMs (): number {
    this.#fill()
    return this.#tokens > 0 ? 0 : Math.ceil((1 - this.#tokens) / this.#perSecond * 1000)
  }

  pay (tokens: number): void {
    this.#fill()
    this.#tokens -= tokens
  }

  #fill (): void {
    const now = this.#clock.now()
    this.#tokens = Math.min(this.#perSecond, this.#tokens + (now - this.#filledAt) / 1000 * this.#perSecond)
    this.#filledAt = now
  }
}
