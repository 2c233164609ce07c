import { type Clock } from './clock.js'

/** Waits for conditions that hold sooner or later; `check` is called whenever one may have come true, `close` when none will. */
export class Waits {
  readonly #clock: Clock
  readonly #checks = new Set<() => void>()
  readonly #ends = new Set<() => void>()

  constructor (clock: Clock) {
    this.#clock = clock
  }

  check (): void {
    for (const check of this.#checks) check()
  }

  /** Ends all waits. */
  close (): void {
    for (const end of this.#ends) end()
  }

  /** True when the condition holds, false when `timeoutMs` passed or `signal` aborted first. */
  async until (holds: () => boolean, timeoutMs: number, signal?: AbortSignal): Promise<boolean> {
    if (holds()) return true
    if (signal?.aborted === true || timeoutMs <= 0) return false
    return await new Promise(resolve => {
      const end = (): void => {
        this.#checks.delete(check)
        this.#ends.delete(end)
        timer.clear()
        signal?.removeEventListener('abort', end)
        resolve(holds())
      }
      const check = (): void => { if (holds()) end() }
      const timer = this.#clock.setTimer(end, timeoutMs)
      signal?.addEventListener('abort', end)
      this.#checks.add(check)
      this.#ends.add(end)
    })
  }
}
