import { eventually } from '../../helpers/eventually.js'
import { type Stopwatch } from '../../helpers/stopwatch.js'

const SAMPLE_EVERY_MS = 50
/** A rate is taken over this long: shorter ones are noise. */
const RATE_OVER_MS = 500
const RECOVERED_SHARE = 0.95
/** Of a busy machine; how long it may take is for who asks. */
const TIMEOUT_MS = 90_000

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

  /** Waits until the counter grows again at nearly this rate since the watch was started, and returns what of it was the service's own time, in ms. */
  async recovers (ratePerSecond: number, watch: Stopwatch): Promise<number> {
    const recoveredRate = RECOVERED_SHARE * ratePerSecond
    await eventually(`the rate is ${Math.round(recoveredRate)} a second again`, () =>
      // Nothing of the time before counts.
      watch.elapsedMs > RATE_OVER_MS && this.rate() >= recoveredRate, { timeoutMs: TIMEOUT_MS, state: () => `it is ${Math.round(this.rate())}, at ${this.#count()} in all` })
    return watch.ownMs
  }

  #sample (): { readonly at: number, readonly count: number } {
    const sample = { at: performance.now(), count: this.#count() }
    this.#samples.push(sample)
    return sample
  }
}
