import { type FailureCode } from '../errors.js'
import { backoffDelay, type Backoff } from './backoff.js'
import { type Batch, type Batcher } from './batcher.js'
import { type Breaker } from './breaker.js'
import { type Clock, type Timer } from './clock.js'
import { Doubts } from './doubts.js'
import { type Flight } from './flight.js'
import { type Lane } from './lane.js'
import { type Incidents, type Observer } from './observer.js'
import { type Outcome, type Transient } from './outcome.js'

/** What a channel asks of the engine about the fate of a record. */
export interface FateHandlers<T> {
  done (flight: Flight<T>): void
  poison (flight: Flight<T>, code: FailureCode, detail: string): void
  /** A failure that may pass; noted on the flight. */
  failed (flight: Flight<T>, code: FailureCode, detail: string): void
  /** The pass's time in place is spent. True when the record has left the stage; false when it goes on in place. */
  spent (flight: Flight<T>): boolean
  /** A call has ended and all its outcomes were handled: every channel may have something to send. */
  callEnded (): void
  /** The channel is held, or no more, or for another scope. */
  holdChanged (): void
}

export interface AftermathOptions<T> {
  readonly stage: string
  readonly key: string
  readonly forgetsAfterMs: number | undefined
  readonly batcher: Batcher<T>
  readonly breaker: Breaker
  readonly fates: FateHandlers<T>
  readonly clock: Clock
  readonly random: () => number
  readonly observer: Observer
  readonly incidents: Incidents
  readonly backoff: Backoff
  /** How long one pass may go on failing in place, in ms of calls and backoff. */
  readonly retryInPlaceMs: number
  /** Lanes have waited out their backoff. */
  readonly released: () => void
}

/** How a call ended, for those of its records that failed. */
interface Ending<T> {
  readonly now: number
  readonly durationMs: number
  /** Others of the call were taken, so the system is well. */
  readonly tookSome: boolean
  /** One draw for all: what failed together goes again together, not in as many calls as it has lanes. */
  readonly draw: number
  readonly backoffs: Map<number, Array<Lane<T>>>
}

/** What of one lane comes back from a call: records that were only superseded, and records that failed. */
interface PutBack<T> {
  readonly fresh: Array<Flight<T>>
  readonly failed: Array<Flight<T>>
  delayMs: number
}

/**
 * What comes after a call: each of its records goes on to its fate or back to the head of its lane, and each of its
 * lanes is free again, at once or after the backoff of what failed in it.
 */
export class Aftermath<T> {
  readonly #options: AftermathOptions<T>
  readonly #doubts: Doubts<T> | undefined
  readonly #backoffs = new Set<Timer>()

  constructor (options: AftermathOptions<T>) {
    this.#options = options
    const { stage, forgetsAfterMs } = options
    this.#doubts = forgetsAfterMs === undefined ? undefined : new Doubts(stage, forgetsAfterMs)
  }

  /** One outcome per record of the call, in order. */
  conclude (call: Batch<T>, outcomes: readonly Outcome[], { now, durationMs, tookSome }: Pick<Ending<T>, 'now' | 'durationMs' | 'tookSome'>): void {
    this.#countDuplicates(call, outcomes, now, durationMs)
    const ending: Ending<T> = { now, durationMs, tookSome, draw: this.#options.random(), backoffs: new Map() }
    let overtaken = 0
    let at = 0
    for (const lane of call.lanes) {
      let back: PutBack<T> | undefined
      for (const end = at + lane.taken; at < end; at++) {
        const flight = call.flights[at] as Flight<T>
        const outcome = outcomes[at] as Outcome
        if (outcome.class !== 'done') {
          back ??= { fresh: [], failed: [], delayMs: 0 }
          this.#fail(flight, outcome, ending, back)
          continue
        }
        if (back !== undefined && back.failed.length > 0) overtaken++
        this.#pass(flight)
      }
      this.#freeLane(lane, ending, back)
    }
    for (const [delayMs, lanes] of ending.backoffs) this.#releaseLater(lanes, delayMs)
    if (overtaken > 0) this.#options.observer.overtaken(this.#options.stage, overtaken)
  }

  /** Releases nothing any more. */
  close (): void {
    for (const timer of this.#backoffs) timer.clear()
  }

  #countDuplicates ({ flights }: Batch<T>, outcomes: readonly Outcome[], now: number, durationMs: number): void {
    if (this.#doubts === undefined) return
    const { stage, key, incidents } = this.#options
    let duplicates = 0
    for (let at = 0; at < flights.length; at++) {
      const flight = flights[at] as Flight<T>
      const outcome = outcomes[at] as Outcome
      if (outcome.class === 'done' && flight.openCalls === undefined) continue
      if (this.#doubts.mayBeTwice(flight, outcome, now - durationMs, now)) duplicates++
    }
    if (duplicates > 0) incidents.possibleDuplicates(stage, key, duplicates)
  }

  #pass (flight: Flight<T>): void {
    const { superseded } = flight
    if (superseded !== undefined) {
      flight.superseded = undefined
      for (const older of superseded) this.#options.fates.done(older)
    }
    this.#options.fates.done(flight)
  }

  #fail (flight: Flight<T>, outcome: Exclude<Outcome, { class: 'done' }>, ending: Ending<T>, back: PutBack<T>): void {
    this.#options.observer.failed(this.#options.stage, this.#options.key, outcome.code, 1)
    this.#releaseSuperseded(flight, outcome, back)
    if (!isLive(flight)) return
    if (outcome.class === 'poison') {
      this.#options.fates.poison(flight, outcome.code, outcome.detail)
      return
    }
    this.#options.fates.failed(flight, outcome.code, outcome.detail)
    if (outcome.class === 'transient' && this.#passIsSpent(flight, outcome, ending, back) && this.#options.fates.spent(flight)) return
    back.failed.push(flight)
  }

  /** What a record was to take along goes on its own, lest it share the fate of one that is to blame for its failure. */
  #releaseSuperseded (flight: Flight<T>, outcome: Outcome, back: PutBack<T>): void {
    const { superseded } = flight
    if (superseded === undefined) return
    flight.superseded = undefined
    const blameless = outcome.class === 'environment' || (outcome.class === 'transient' && outcome.code === 'ABORTED')
    for (const older of superseded) {
      if (!blameless) older.alone = true
      if (isLive(older)) back.fresh.push(older)
    }
  }

  #passIsSpent (flight: Flight<T>, outcome: Transient, ending: Ending<T>, back: PutBack<T>): boolean {
    const { durationMs } = ending
    const delayMs = Math.max(this.#backoffOf(flight, outcome, ending), outcome.retryAfterMs ?? 0)
    flight.triesInPlace++
    back.delayMs = Math.max(back.delayMs, delayMs)
    if (!this.#options.breaker.blamesRecord(outcome)) return false
    const { retryInPlaceMs } = this.#options
    flight.spentInPlaceMs += durationMs + delayMs
    if (retryInPlaceMs > 0 && flight.spentInPlaceMs <= retryInPlaceMs) return false
    flight.spentInPlaceMs = 0
    return true
  }

  /**
   * A first failure among records that were taken goes again without a backoff: the system is well, its lane waits,
   * and the retry budget bounds it. Whatever is throttled, or fails again, waits.
   */
  #backoffOf ({ triesInPlace }: Flight<T>, { throttled = false }: Transient, { tookSome, draw }: Ending<T>): number {
    return triesInPlace === 0 && tookSome && !throttled ? 0 : backoffDelay(this.#options.backoff, triesInPlace, draw)
  }

  #freeLane (lane: Lane<T>, { now, backoffs }: Ending<T>, back: PutBack<T> | undefined): void {
    if (back !== undefined) this.#options.batcher.putBack(lane, back.fresh, back.failed)
    if (back === undefined || back.failed.length === 0 || back.delayMs === 0) {
      this.#options.batcher.release(lane, now)
      return
    }
    const lanes = backoffs.get(back.delayMs)
    if (lanes === undefined) backoffs.set(back.delayMs, [lane])
    else lanes.push(lane)
  }

  #releaseLater (lanes: ReadonlyArray<Lane<T>>, delayMs: number): void {
    const { batcher, clock } = this.#options
    const timer = clock.setTimer(() => {
      this.#backoffs.delete(timer)
      const now = clock.now()
      for (const lane of lanes) batcher.release(lane, now)
      this.#options.released()
    }, delayMs)
    this.#backoffs.add(timer)
  }
}

function isLive<T> (flight: Flight<T>): boolean {
  return !flight.settled && !flight.origin.closed
}
