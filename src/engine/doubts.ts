import { type Clock } from './clock.js'
import { type Flight } from './flight.js'
import { isUnanswered, type Outcome } from './outcome.js'

/** Part of the time that a system remembers a message in which a repetition is certain to be known: clocks and networks are not exact. */
const CERTAIN_SHARE = 0.8

/** By stage: when the first call that left it open whether the record was taken had begun, on the monotonic clock. */
export type OpenCalls = Map<string, number>

/** The same in ms since 1970, for another process. */
export type UnansweredAt = Readonly<Record<string, number>>

/**
 * Keeps account of a stage's calls without an answer. Each may have been carried out; the system drops a repetition of
 * the message only for a while, and one that comes later may be there twice.
 */
export class Doubts<T> {
  readonly #stage: string
  readonly #certainMs: number

  constructor (stage: string, forgetsAfterMs: number) {
    this.#stage = stage
    this.#certainMs = forgetsAfterMs * CERTAIN_SHARE
  }

  /** Takes note of how a record's call ended. True when the call may have added a second message; each is told once. */
  mayBeTwice (flight: Flight<T>, outcome: Outcome, beganAt: number, now: number): boolean {
    const unanswered = isUnanswered(outcome)
    if (!unanswered && outcome.class !== 'done') return false
    const since = flight.openCalls?.get(this.#stage)
    const twice = since !== undefined && now - since > this.#certainMs
    if (unanswered && (since === undefined || twice)) {
      flight.openCalls ??= new Map()
      flight.openCalls.set(this.#stage, beganAt)
    }
    return twice
  }
}

export function toWallTimes (calls: OpenCalls | undefined, clock: Clock): UnansweredAt | undefined {
  if (calls === undefined) return undefined
  const offset = clock.wallTime() - clock.now()
  return Object.fromEntries([...calls].map(([stage, at]) => [stage, Math.round(at + offset)]))
}

export function fromWallTimes (times: UnansweredAt | undefined, clock: Clock): OpenCalls | undefined {
  if (times === undefined) return undefined
  const offset = clock.wallTime() - clock.now()
  return new Map(Object.entries(times).map(([stage, at]) => [stage, at - offset]))
}
