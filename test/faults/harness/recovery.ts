import { eventually } from '../../helpers/eventually.js'

const SAMPLE_EVERY_MS = 50
/** A rate is taken over this long: shorter ones are noise. */
const RATE_OVER_MS = 500
const RECOVERED_SHARE = 0.95

/** Samples a counter that only grows, for its rates. */
export class RateMeter {
  readonly #count: () => number
  readonly #samples: Array<{ readonly at: number, readonly count: number }> = []
  readonly #timer: NodeJS.Timeout

  constructor (t: { teardown (handler: () => void): void }, count: () => number) {
    this.#count = count
    this.#timer = setInterval(() => { this.#sample() }, SAMPLE_EVERY_MS)
    t.teardown(() => { clearInterval(this.#timer) })
  }

  /** Per second, over the last `overMs`. */
  rate (overMs = RATE_OVER_MS): number {
    const now = this.#sample()
    const since = this.#samples.findLast(({ at }) => at <= now.at - overMs) ?? this.#samples[0] ?? now
    return now.at === since.at ? 0 : 1_000 * (now.count - since.count) / (now.at - since.at)
  }

  /** Waits until the counter grows again at nearly this rate, and returns how long that was after `since`, in ms. */
  async recovers (ratePerSecond: number, since: number, timeoutMs: number): Promise<number> {
    const recoveredRate = RECOVERED_SHARE * ratePerSecond
    return await eventually(`the rate is ${Math.round(recoveredRate)} a second again`, () => {
      const tookMs = performance.now() - since
      // Nothing of the time before counts.
      return tookMs > RATE_OVER_MS && this.rate() >= recoveredRate && tookMs
    }, { timeoutMs, state: () => `it is ${Math.round(this.rate())}, at ${this.#count()} in all` })
  }

  #sample (): { readonly at: number, readonly count: number } {
    const sample = { at: performance.now(), count: this.#count() }
    this.#samples.push(sample)
    return sample
  }
}
