import { type Clock } from './clock.js'
import { type Window } from './window.js'

export interface LongStaysOptions<T> {
  readonly windows: Iterable<Window<T>>
  readonly clock: Clock
  /** See `Examiner`. Records let go by themselves. */
  readonly detach: (payload: T) => void
}

/** Most records are gone by then. What a record shares is held for at most this and the time to the next look. */
const LONG_MS = 1_000
const LOOK_EVERY_MS = 1_000

/**
 * Finds records that stay for long, held or failing or in line behind one that is, and has them let go of what they
 * share with the other records of their poll or chunk: else a few of them, each of another, would keep all of these.
 */
export class LongStays<T> {
  readonly #options: LongStaysOptions<T>
  #nextLookAt = 0

  constructor (options: LongStaysOptions<T>) {
    this.#options = options
  }

  polled (): void {
    const { windows, clock, detach } = this.#options
    const now = clock.now()
    if (now < this.#nextLookAt) return
    this.#nextLookAt = now + LOOK_EVERY_MS
    for (const window of windows) {
      for (const flight of window.polledBefore(now - LONG_MS)) {
        if (flight.settled) continue
        flight.record.detach?.()
        for (const { settled, payload } of flight.branches ?? [flight]) {
          if (!settled && payload !== undefined) detach(payload)
        }
      }
    }
  }
}
