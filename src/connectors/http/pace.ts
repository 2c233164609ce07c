import { type Clock, type Timer } from '../../engine/clock.js'

/**
 * Spaces what begins: at most `ratePerSecond` in the long run, with a burst of at most one second's worth after a rest, and
 * nothing before a pause is over. First come, first served.
 */
export class Pace {
  readonly #clock: Clock
  readonly #everyMs: number
  readonly #burstMs: number
  readonly #waiting = new Set<() => void>()
  #timer: Timer | undefined
  /** When the next may begin if nothing rests; it lags behind by what is left of the burst. */
  #nextAt: number
  #pausedUntil = -Infinity

  constructor (clock: Clock, ratePerSecond = Infinity) {
    this.#clock = clock
    this.#everyMs = 1000 / ratePerSecond
    this.#burstMs = Math.max(0, 1000 - this.#everyMs)
    this.#nextAt = clock.now() - this.#burstMs
  }

  /** Nothing begins within the next `ms`. */
  pause (ms: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, this.#clock.now() + ms)
  }

  /** True when it is the caller's turn; false when `signal` aborted before. */
  async turn (signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return false
    if (this.#waiting.size === 0 && this.#take()) return true
    return await new Promise(resolve => {
      const end = (granted: boolean): void => {
        this.#waiting.delete(grant)
        signal.removeEventListener('abort', giveUp)
        resolve(granted)
      }
      const grant = (): void => { end(true) }
      const giveUp = (): void => { end(false) }
      this.#waiting.add(grant)
      signal.addEventListener('abort', giveUp)
      this.#serveLater()
    })
  }

  #take (): boolean {
    const now = this.#clock.now()
    if (now < this.#pausedUntil || now < this.#nextAt) return false
    this.#nextAt = Math.max(this.#nextAt, now - this.#burstMs) + this.#everyMs
    return true
  }

  #serveLater (): void {
    if (this.#timer !== undefined || this.#waiting.size === 0) return
    const delayMs = Math.max(this.#pausedUntil, this.#nextAt) - this.#clock.now()
    this.#timer = this.#clock.setTimer(() => {
      this.#timer = undefined
      for (const grant of this.#waiting) {
        if (!this.#take()) break
        grant()
      }
      this.#serveLater()
    }, Math.max(1, Math.ceil(delayMs)))
  }
}
