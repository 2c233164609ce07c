/** Monotonic time and timers, handed in so that tests own them. */
export interface Clock {
  /** Monotonic milliseconds; says nothing about the time of day. */
  now (): number
  /** Milliseconds since 1970, for what is written down. */
  wallTime (): number
  setTimer (callback: () => void, delayMs: number): Timer
}

export interface Timer {
  clear (): void
}

export const systemClock: Clock = {
  now: () => performance.now(),
  wallTime: () => Date.now(),
  setTimer (callback, delayMs) {
    const handle = setTimeout(callback, delayMs)
    return { clear: () => clearTimeout(handle) }
  }
}
