const LOOK_EVERY_MS = 20

/** Watches a count that should go up, and knows the longest time in which it did not. */
export class ProgressWatch {
  readonly #count: () => number
  readonly #timer: NodeJS.Timeout
  #last: number
  #since = performance.now()
  #longestMs = 0

  constructor (t: { teardown (handler: () => void): void }, count: () => number) {
    this.#count = count
    this.#last = count()
    this.#timer = setInterval(() => { this.#look() }, LOOK_EVERY_MS)
    t.teardown(() => { clearInterval(this.#timer) })
  }

  /** The longest standstill since this was asked last, in ms. */
  takeLongestMs (): number {
    this.#look()
    const longestMs = Math.round(this.#longestMs)
    this.#longestMs = 0
    this.#since = performance.now()
    return longestMs
  }

  #look (): void {
    const now = performance.now()
    const count = this.#count()
    this.#longestMs = Math.max(this.#longestMs, now - this.#since)
    if (count === this.#last) return
    this.#last = count
    this.#since = now
  }
}
