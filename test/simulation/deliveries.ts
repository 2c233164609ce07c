import { type RetryMessage } from './retry-queue.js'
import { type LogRecord } from './log.js'
import { type WireCall } from './wire.js'

/** How a delivery ended. Only the first three settle its record; the others leave it to whoever reads it again. */
export type End = 'sent' | 'dead letter' | 'handed over' | 'postponed' | 'dropped'

/** One surfacing of a record, or of one of those that it is split into: in an epoch, or as a message of the retry queue. The model's own view of its road. */
export class Delivery {
  readonly record: LogRecord
  readonly source: Epoch | RetryMessage
  /** Attempts that were burnt before it surfaced. */
  readonly attemptsBefore: number
  end: End | undefined
  /** Stages that reported it done. */
  readonly passed = new Set<string>()
  call: WireCall | undefined
  /** It left in a call at least once, or was represented in one. */
  started = false
  /** Verdicts against it that may burn an attempt. */
  blamed = 0
  /** At most this long it was failing in place, by those verdicts. */
  spentMs = 0
  /** The code of the verdict that it can never pass. */
  condemned: string | undefined
  /** The stage before which a later one of its lane has overtaken it: it must never enter it. */
  overtakenAt: string | undefined
  /** The retry queue has refused it, so it is never handed over. */
  staysInPlace = false
  /** A newer one of its key carries it through the table in a call under way. */
  represented = false

  constructor (record: LogRecord, source: Epoch | RetryMessage, attemptsBefore = 0) {
    this.record = record
    this.source = source
    this.attemptsBefore = attemptsBefore
  }

  get replay (): boolean {
    return !(this.source instanceof Epoch)
  }

  get settled (): boolean {
    return this.end === 'sent' || this.end === 'dead letter' || this.end === 'handed over'
  }
}

/** One assignment of one partition to one life of the process, by the model's own books. */
export class Epoch {
  readonly partition: number
  readonly start: number
  readonly deliveries: Delivery[] = []
  state: 'open' | 'draining' | 'over' | 'closed' = 'open'
  /** The group has told that it is lost: nothing of it may be committed. */
  lost = false
  /** Its drain ended with everything that had started settled. */
  drained = false
  /** A commit failed, or has no answer, since its drain began. */
  commitTrouble = false
  /** The next offset after what it read. */
  readUpTo: number
  lastCommit = -1

  constructor (partition: number, start: number) {
    this.partition = partition
    this.start = start
    this.readUpTo = start
  }

  get closed (): boolean {
    return this.state === 'over' || this.state === 'closed'
  }

  /** Records; each counts until all that it is split into have their ends. */
  get unsettled (): number {
    let unsettled = 0
    let counted = -1
    for (const { end, record: { offset } } of this.deliveries) {
      if (end !== undefined || offset === counted) continue
      unsettled++
      counted = offset
    }
    return unsettled
  }

  /** Offsets of records that were split, and cut off when only a part of them had its end. */
  get cutApart (): number {
    return this.deliveries.filter(({ end, record: { offset } }) => end === 'dropped' && this.deliveries.some(other => other.settled && other.record.offset === offset)).length
  }

  /** Everything below it is settled in this epoch. */
  get lowestUnsettled (): number {
    return this.deliveries.find(delivery => !delivery.settled)?.record.offset ?? this.readUpTo
  }

  /** Drops what is above the highest offset that has started. */
  drain (): void {
    if (this.state !== 'open') return
    this.state = 'draining'
    const highestStarted = this.deliveries.findLast(({ started }) => started)?.record.offset ?? -1
    this.#drop(delivery => delivery.record.offset > highestStarted)
  }

  abandon (): void {
    if (this.closed) return
    this.state = 'over'
    this.#drop(() => true)
  }

  close (): void {
    this.state = 'closed'
    this.#drop(() => true)
  }

  #drop (which: (delivery: Delivery) => boolean): void {
    for (const delivery of this.deliveries) if (delivery.end === undefined && which(delivery)) delivery.end = 'dropped'
  }
}
