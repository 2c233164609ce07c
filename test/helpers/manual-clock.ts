import { type Clock, type Timer } from '../../src/engine/clock.js'

const WALL_START = Date.UTC(2026, 0, 1)

interface ManualTimer extends Timer {
  readonly at: number
  readonly callback: () => void
}

/** Time that passes only when a test says so. Timers fire in the order of their times. */
export class ManualClock implements Clock {
  readonly #timers = new Set<ManualTimer>()
  #now = 0

  now (): number {
    return this.#now
  }

  wallTime (): number {
    return WALL_START + this.#now
  }

  setTimer (callback: () => void, delayMs: number): Timer {
    const timer: ManualTimer = { at: this.#now + delayMs, callback, clear: () => { this.#timers.delete(timer) } }
    this.#timers.add(timer)
    return timer
  }

  /** Timers that have not fired. */
  get pending (): number {
    return this.#timers.size
  }

  /** When the next timer fires; Infinity when there is none. */
  get nextAt (): number {
    return this.#next()?.at ?? Infinity
  }

  /** Fires what falls due meanwhile. Promises are not awaited in between: see `pass`. */
  advance (ms: number): void {
    const end = this.#now + ms
    for (let timer = this.#next(); timer !== undefined && timer.at <= end; timer = this.#next()) {
      this.#timers.delete(timer)
      this.#now = Math.max(this.#now, timer.at)
      timer.callback()
    }
    this.#now = end
  }

  /** Time passes and nothing fires, as while a process stands still; `advance` then fires what is overdue. */
  standStill (ms: number): void {
    this.#now += ms
  }

  /** Lets time pass from timer to timer, with all promises settled in between. */
  async pass (ms: number): Promise<void> {
    const end = this.#now + ms
    await turn()
    while (this.nextAt <= end) {
      this.advance(Math.max(0, this.nextAt - this.#now))
      await turn()
    }
    this.advance(end - this.#now)
    await turn()
  }

  #next (): ManualTimer | undefined {
    let next: ManualTimer | undefined
    for (const timer of this.#timers) if (next === undefined || timer.at < next.at) next = timer
    return next
  }
}

/** Every promise that can settle without time has settled. */
export async function turn (): Promise<void> {
  await new Promise(resolve => { setImmediate(resolve) })
}
