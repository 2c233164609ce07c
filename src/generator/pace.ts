import { type Clock } from '../engine/clock.js'

/** Keeps a sequence at a rate. What was late is made up for, so that the rate holds over the whole run. */
export class Pace {
  readonly #clock: Clock
  readonly #perSecond: number
  readonly #startedAt: number
  #done = 0

  constructor (clock: Clock, perSecond: number) {
    this.#clock = clock
    this.#perSecond = perSecond
    this.#startedAt = clock.now()
  }

  /** Counts one; how long to wait before the next, in ms, 0 for not at all. */
  next (): number {
    this.#done++
    const dueAt = this.#startedAt + this.#done * 1_000 / this.#perSecond
    return Math.max(0, dueAt - this.#clock.now())
  }
}
