import { Fifo } from './fifo.js'
import { type Flight, type Origin } from './flight.js'

/** What a window reports to the engine that owns it. */
export interface WindowOwner<T> {
  settledIn (window: Window<T>, flight: Flight<T>): void
  lateSettled (): void
}

/**
 * The offsets of one partition in one assignment epoch: which were polled, which are settled, and the watermark, which
 * is the lowest unsettled offset and the only one that may be committed.
 *
 * It is `open`, then perhaps `draining` (takes nothing new, finishes what has started), perhaps `over` (the drain was
 * cut: sends nothing more, but what is settled may still be committed), and in the end `closed`.
 *
 * Invariants: flights stand in offset order; everything below `watermark` is settled; the watermark never goes back;
 * a window that is over accepts no settlement.
 */
export class Window<T> implements Origin<T> {
  readonly topic: string
  readonly partition: number
  readonly epoch: number
  readonly replay = false

  readonly #owner: WindowOwner<T>
  readonly #flights = new Fifo<Flight<T>>()
  #state: 'open' | 'draining' | 'over' | 'closed' = 'open'
  #highestPolled = -1
  #highestStarted = -1
  /** The next offset after everything that this window will ever settle. */
  #end = -1
  #committed = -1
  #unsettled = 0
  #unsettledBytes = 0

  constructor (topic: string, partition: number, epoch: number, owner: WindowOwner<T>) {
    this.topic = topic
    this.partition = partition
    this.epoch = epoch
    this.#owner = owner
  }

  get closed (): boolean {
    return this.#state === 'over' || this.#state === 'closed'
  }

  get draining (): boolean {
    return this.#state === 'draining'
  }

  /** Takes new records. */
  get accepting (): boolean {
    return this.#state === 'open'
  }

  get unsettled (): number {
    return this.#unsettled
  }

  get unsettledBytes (): number {
    return this.#unsettledBytes
  }

  get highestPolled (): number {
    return this.#highestPolled
  }

  /** The oldest record that is not settled yet. */
  get oldest (): Flight<T> | undefined {
    return this.#flights.peek()
  }

  /** Oldest first; settled ones behind the oldest unsettled are among them. */
  * polledBefore (time: number): IterableIterator<Flight<T>> {
    for (const flight of this.#flights) {
      if (flight.polledAt >= time) return
      yield flight
    }
  }

  /** The lowest unsettled offset; -1 before anything was read. Offsets may have gaps, so it is never counted up to. */
  get watermark (): number {
    return this.#flights.peek()?.offset ?? this.#end
  }

  /** Offsets between the watermark and the highest that was polled. */
  get span (): number {
    return this.#flights.length === 0 ? 0 : this.#highestPolled - this.watermark + 1
  }

  /** The watermark, when there is news to commit. */
  get committable (): number | undefined {
    if (this.#state === 'closed') return undefined
    const watermark = this.watermark
    return watermark > this.#committed ? watermark : undefined
  }

  committed (offset: number): void {
    if (offset > this.#committed) this.#committed = offset
  }

  /** Takes a record in; false when its offset has surfaced before in this epoch. */
  admit (flight: Flight<T>): boolean {
    const { offset } = flight
    if (offset <= this.#highestPolled) return false
    if (this.#highestPolled < 0) this.#committed = offset
    this.#highestPolled = offset
    if (offset >= this.#end) this.#end = offset + 1
    this.#flights.push(flight)
    this.#unsettled++
    this.#unsettledBytes += flight.bytes
    return true
  }

  /**
   * The source has read everything below `offset`: what lies above the last record (markers of transactions, what a
   * compaction took away) never surfaces, and must not keep a lag.
   */
  reachedEnd (offset: number): void {
    if (this.#state === 'open' && offset > this.#end) this.#end = offset
  }

  started (flight: Flight<T>): void {
    if (flight.offset > this.#highestStarted) this.#highestStarted = flight.offset
  }

  settle (flight: Flight<T>): void {
    if (this.closed) {
      this.#owner.lateSettled()
      return
    }
    if (flight.settled) return
    flight.settled = true
    this.#unsettled--
    this.#unsettledBytes -= flight.bytes
    while (this.#flights.peek()?.settled === true) this.#flights.shift()
    this.#owner.settledIn(this, flight)
  }

  /**
   * Stops taking records and drops those above the highest started offset: they had no effect yet, and the next owner
   * reads them again. Returns what was dropped, marked settled so that every queue forgets it.
   */
  drain (): Array<Flight<T>> {
    if (this.#state !== 'open') return []
    this.#state = 'draining'
    return this.#drop(flight => flight.offset > this.#highestStarted)
  }

  /** Cuts the drain: what is left is dropped and returned, and the watermark stays below it. */
  abandon (): Array<Flight<T>> {
    if (this.closed) return []
    this.#state = 'over'
    return this.#drop(() => true)
  }

  /** Ends the epoch. What is left is dropped and returned; nothing of this window is committed any more. */
  close (): Array<Flight<T>> {
    if (this.#state === 'closed') return []
    const dropped = this.#drop(() => true)
    this.#state = 'closed'
    return dropped
  }

  #drop (which: (flight: Flight<T>) => boolean): Array<Flight<T>> {
    const dropped = this.#flights.remove(which).filter(flight => !flight.settled)
    const first = dropped[0]
    if (first === undefined) return dropped
    this.#end = first.offset
    for (const flight of dropped) {
      flight.settled = true
      this.#unsettled--
      this.#unsettledBytes -= flight.bytes
    }
    return dropped
  }
}
