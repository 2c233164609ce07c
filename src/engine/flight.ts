import { type FailureCode } from '../errors.js'
import { type OpenCalls, type UnansweredAt } from './doubts.js'
import { bytesOf, type SourceRecord } from './record.js'
import { type Place } from './sequencer.js'

/** Where a record came from and where its end is reported: a window of a partition, or a message of the retry queue. */
export interface Origin<T> {
  /** The epoch is over: nothing of it may be sent any more, and its ends are only counted. */
  readonly closed: boolean
  /** Its epoch is about to end: better handed over than held. */
  readonly draining: boolean
  /** From the retry queue: written conditionally, never coalesced, postponed instead of handed over. */
  readonly replay: boolean
  /** The flight is about to leave in a call, so it may have effects from now on. */
  started (flight: Flight<T>): void
  /** The one end of a flight: all stages done, or its dead letter or hand-over acknowledged. */
  settle (flight: Flight<T>): void
  /** Replays only: back to the retry queue, to be seen again after `delayMs`; no attempt is burnt. */
  postpone? (flight: Flight<T>, delayMs: number): void
}

/** The last thing that went wrong with a record, and the first time anything did. */
export interface Failure {
  readonly code: FailureCode
  readonly detail: string
  readonly stage: string
  /** ms since 1970 */
  readonly firstAt: number
  readonly lastAt: number
}

/** One record on its road, from its poll to its settlement. */
export class Flight<T> {
  #record: SourceRecord
  readonly origin: Origin<T>
  readonly offset: number
  /** When it was polled, on the monotonic clock. */
  readonly polledAt: number
  /** Bytes of credit it holds. */
  readonly bytes: number
  #payload: T | undefined
  /** Passes that were spent: those before this one, and this one too once it has failed for good. `RetryCount` of the retry queue. */
  attempts = 0
  /** The count that a hand-over to the retry queue writes: `attempts`, plus one when this pass was burnt. */
  retryCount = 0
  /** The stage that it was handed over from, and whether the retry queue refused it: then it stays in place. */
  handedOverFrom = 0
  handOverRefused = false
  failure: Failure | undefined
  openCalls: OpenCalls | undefined
  /** `openCalls` as a hand-over to the retry queue writes them. */
  unansweredAt: UnansweredAt | undefined
  settled = false
  /** Where it is split: it takes no step itself, and is settled when all of these are. */
  branches: ReadonlyArray<Flight<T>> | undefined
  /** Its place in the line before the second stage, which knows that before the next. */
  place: Place | undefined

  /** Bytes it adds to a call of its present stage. */
  callBytes = 0
  /** The one behind it in its lane. */
  next: Flight<T> | undefined
  /** Failed sends in the present pass of the present stage, and the time they have cost. */
  triesInPlace = 0
  spentInPlaceMs = 0
  /** Never coalesced: it was superseded once by a record that then failed, or it is late. */
  alone = false
  /** Older records of its lane whose place it takes in a call. */
  superseded: Array<Flight<T>> | undefined

  constructor (record: SourceRecord, origin: Origin<T>, polledAt: number) {
    this.#record = record
    this.origin = origin
    this.offset = record.offset
    this.polledAt = polledAt
    this.bytes = bytesOf(record)
    this.alone = origin.replay
  }

  get record (): SourceRecord {
    return this.#record
  }

  /** Its successors may have passed already: what it writes must not undo what they wrote. */
  get late (): boolean {
    return this.origin.replay || this.handOverRefused
  }

  /** Set by the examiner before any stage sees the flight. */
  get payload (): T {
    return this.#payload as T
  }

  set payload (payload: T) {
    this.#payload = payload
  }

  /** Settled: what waits in a window behind an older record must hold neither its bytes nor what was made of them. */
  forget (): void {
    this.#record = FORGOTTEN
    this.#payload = undefined
    this.failure = undefined
    this.openCalls = undefined
    this.branches = undefined
  }
}

const FORGOTTEN: SourceRecord = { topic: '', partition: -1, offset: -1, key: null, value: null, headers: [], timestamp: -1 }
