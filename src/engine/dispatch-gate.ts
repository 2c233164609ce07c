import { type Clock, type Timer } from './clock.js'

/**
 * Keeps a process that slept (stopped, swapped out, stalled) from sending before it has polled again and so learned
 * which partitions it lost meanwhile. Closed from the moment the last poll is older than `maxSilenceMs`; it opens
 * `settleMs` after polling has resumed, so that the group coordinator's answer can arrive first. While no partition is
 * assigned there is nothing to lose, and it stands open.
 */
export class DispatchGate {
  readonly #clock: Clock
  readonly #maxSilenceMs: number
  readonly #settleMs: number
  readonly #assigned: () => boolean
  readonly #opened: () => void
  #lastPoll: number
  #closedUntil = 0
  #timer: Timer | undefined

  constructor (options: { clock: Clock, maxSilenceMs: number, settleMs: number, assigned: () => boolean, opened: () => void }) {
    this.#clock = options.clock
    this.#maxSilenceMs = options.maxSilenceMs
    this.#settleMs = options.settleMs
    this.#assigned = options.assigned
    this.#opened = options.opened
    this.#lastPoll = this.#clock.now()
  }

  get open (): boolean {
    const now = this.#clock.now()
    return (now - this.#lastPoll <= this.#maxSilenceMs && now >= this.#closedUntil) || !this.#assigned()
  }

  /** A poll came back. */
  polled (): void {
    const now = this.#clock.now()
    const silent = now - this.#lastPoll > this.#maxSilenceMs
    this.#lastPoll = now
    if (!silent) return
    this.#closedUntil = now + this.#settleMs
    this.#timer?.clear()
    this.#timer = this.#clock.setTimer(() => {
      this.#timer = undefined
      // Timers may fire a fraction of a millisecond early; another would have to be set for the rest.
      this.#closedUntil = 0
      if (this.open) this.#opened()
    }, this.#settleMs)
  }

  close (): void {
    this.#timer?.clear()
  }
}
