import { UidSum } from './uid-sum.js'

/** What the endpoint has taken since its last restart, as `GET /__report` answers it. */
export interface CountingReport {
  /** By operation. */
  readonly calls: Readonly<Record<string, number>>
  /** Of the bodies of calls that write or send. */
  readonly bytes: number
  readonly rows: number
  readonly messages: number
  /** Count, sum and exclusive or: see `UidSum`. */
  readonly rowUids: string
  readonly messageUids: string
  /** ms since 1970 */
  readonly lastMessageAt: number
  /** Of the endpoint's process, all threads, since it started. */
  readonly cpuMicros: number
  /** First arrival of each message whose uid begins with `at-`, ms since 1970. */
  readonly arrivals?: Readonly<Record<string, number>>
}

const TIMED = 'at-'

/** Counts rows and messages; nothing is kept of them but the arrival of timed ones. */
export class Tally {
  readonly #calls = new Map<string, number>()
  readonly #rows = new UidSum()
  readonly #messages = new UidSum()
  readonly #arrivals = new Map<string, number>()
  #bytes = 0
  #lastMessageAt = 0

  called (operation: string, bodyBytes: number): void {
    this.#calls.set(operation, (this.#calls.get(operation) ?? 0) + 1)
    this.#bytes += bodyBytes
  }

  /** `text` holds the uid of the row from `start` on. */
  row (text: string, start: number): void {
    this.#rows.add(text, start)
  }

  message (text: string, start: number): void {
    this.#messages.add(text, start)
    this.#lastMessageAt = performance.timeOrigin + performance.now()
    if (text.startsWith(TIMED, start)) {
      const uid = text.slice(start, text.indexOf('"', start))
      if (!this.#arrivals.has(uid)) this.#arrivals.set(uid, this.#lastMessageAt)
    }
  }

  report (full: boolean): CountingReport {
    const { user, system } = process.cpuUsage()
    return {
      calls: Object.fromEntries(this.#calls),
      bytes: this.#bytes,
      rows: this.#rows.count,
      messages: this.#messages.count,
      rowUids: this.#rows.fingerprint,
      messageUids: this.#messages.fingerprint,
      lastMessageAt: this.#lastMessageAt,
      cpuMicros: user + system,
      ...(full ? { arrivals: Object.fromEntries(this.#arrivals) } : {})
    }
  }
}
