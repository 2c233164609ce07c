import { type Clock, type Timer } from '../engine/clock.js'

/** A task on a worker, as the watch sees it. */
export interface Watched {
  /** Grows while the worker gets on; 0 as long as it has not begun. */
  position (): number
  /** How long the worker may stay at one position, in ms; and how long it may take to begin. */
  readonly stallLimitMs: number
  readonly startLimitMs: number
  /** Called once, when a limit is passed. The task is no longer watched then. */
  expire (): void
}

/**
 * Finds tasks that do not get on. Time is counted in ticks that really came: when this process was stopped or starved
 * a late tick counts as one, so that nobody is blamed for time in which nothing could run.
 */
export class ProgressWatch {
  readonly #clock: Clock
  readonly #tickMs: number
  readonly #stalls = new Map<Watched, { position: number, forMs: number }>()
  #timer: Timer | undefined
  #lastTick = 0

  constructor (clock: Clock, tickMs: number) {
    this.#clock = clock
    this.#tickMs = tickMs
  }

  add (task: Watched): void {
    this.#stalls.set(task, { position: 0, forMs: 0 })
    if (this.#timer === undefined) this.#arm()
  }

  remove (task: Watched): void {
    this.#stalls.delete(task)
  }

  close (): void {
    this.#timer?.clear()
    this.#timer = undefined
    this.#stalls.clear()
  }

  #arm (): void {
    this.#lastTick = this.#clock.now()
    this.#timer = this.#clock.setTimer(() => this.#tick(), this.#tickMs)
  }

  #tick (): void {
    const passedMs = Math.min(this.#clock.now() - this.#lastTick, 2 * this.#tickMs)
    for (const [task, stall] of this.#stalls) {
      const position = task.position()
      if (position !== stall.position) {
        stall.position = position
        stall.forMs = 0
        continue
      }
      stall.forMs += passedMs
      if (stall.forMs < (position === 0 ? task.startLimitMs : task.stallLimitMs)) continue
      this.#stalls.delete(task)
      task.expire()
    }
    this.#timer = undefined
    if (this.#stalls.size > 0) this.#arm()
  }
}
