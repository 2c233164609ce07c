/** Counts the records of a topic and, at the last, prints one JSON line with what they cost; the first tenth warms up. */
export class Meter {
  readonly #wanted: number
  #seen = 0
  #start: { readonly seen: number, readonly at: number, readonly cpu: NodeJS.CpuUsage } | undefined

  constructor (wanted: number) {
    this.#wanted = wanted
  }

  /** True when these were the last. */
  count (records: number): boolean {
    this.#seen += records
    if (this.#start === undefined && this.#seen >= this.#wanted * WARM_UP_SHARE) this.#start = { seen: this.#seen, at: performance.now(), cpu: process.cpuUsage() }
    if (this.#seen < this.#wanted) return false
    const events = this.#seen - (this.#start?.seen ?? 0)
    const { user, system } = process.cpuUsage(this.#start?.cpu)
    const seconds = (performance.now() - (this.#start?.at ?? 0)) / 1000
    process.stdout.write(JSON.stringify({ 'events/s': events / seconds, 'CPU µs/event': (user + system) / events, 'RSS MB': process.memoryUsage().rss / 1e6 }))
    return true
  }
}

const WARM_UP_SHARE = 0.1
