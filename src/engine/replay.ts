import { type UnansweredAt } from './doubts.js'
import { type Failure, type Flight, type Origin } from './flight.js'
import { type SourceRecord } from './record.js'

/** A message of the retry queue, decoded. */
export interface ReplayMessage {
  readonly record: SourceRecord
  /** `RetryCount`: passes that were spent before. */
  readonly attempts: number
  readonly failure: Failure | undefined
  /** Calls before that ended without an answer. */
  readonly unansweredAt?: UnansweredAt | undefined
  /** The record has its end: the message may be deleted. */
  done (): void
  /** The message shall be seen again after `delayMs`. */
  postpone (delayMs: number): void
}

/** What a replay reports to whoever took it up. */
export interface ReplayOwner<T> {
  settledReplay (flight: Flight<T>): void
  postponed (flight: Flight<T>): void
}

/** The origin of a replayed record: its end deletes the message, and until then the message stays invisible. */
export class ReplayOrigin<T> implements Origin<T> {
  readonly replay = true
  readonly closed = false
  readonly draining = false
  readonly #message: ReplayMessage
  readonly #owner: ReplayOwner<T>

  constructor (message: ReplayMessage, owner: ReplayOwner<T>) {
    this.#message = message
    this.#owner = owner
  }

  started (): void {}

  settle (flight: Flight<T>): void {
    if (flight.settled) return
    flight.settled = true
    this.#message.done()
    this.#owner.settledReplay(flight)
  }

  postpone (flight: Flight<T>, delayMs: number): void {
    if (flight.settled) return
    flight.settled = true
    this.#message.postpone(delayMs)
    this.#owner.postponed(flight)
  }
}
