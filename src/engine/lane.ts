import { type Flight } from './flight.js'
import { type LaneList } from './lane-list.js'

/**
 * The records of one order key that wait for their call, linked through `flight.next`: most lanes hold one record for a
 * moment, so a lane must cost next to nothing.
 */
export class Lane<T> {
  key: string
  /** In a call, or waiting out a backoff: nothing of it may be taken. */
  busy = false
  /** How many of its records are in its present call. */
  taken = 0
  /** How many at the head failed before: they go again alone, before anything later of the lane. */
  resends = 0
  /** Until when it waits for company since it is free, on the monotonic clock. */
  dueAt = 0
  /** What the lane adds to a call if it is taken now; 0 while it is busy. */
  offer = 0
  /** Bytes of all that waits in it, and how many of them count as ready. */
  bytes = 0
  readyBytes = 0
  /** The list of ready lanes that it stands in, and its neighbours there. */
  list: LaneList<T> | undefined
  before: Lane<T> | undefined
  after: Lane<T> | undefined

  #head: Flight<T> | undefined
  #tail: Flight<T> | undefined
  #length = 0

  constructor (key: string) {
    this.key = key
  }

  get length (): number {
    return this.#length
  }

  get head (): Flight<T> | undefined {
    return this.#head
  }

  push (flight: Flight<T>): void {
    if (this.#tail === undefined) this.#head = flight
    else this.#tail.next = flight
    this.#tail = flight
    this.#length++
    this.bytes += flight.callBytes
  }

  shift (): Flight<T> | undefined {
    const flight = this.#head
    if (flight === undefined) return undefined
    this.#head = flight.next
    if (this.#head === undefined) this.#tail = undefined
    flight.next = undefined
    this.#length--
    this.bytes -= flight.callBytes
    return flight
  }

  /** Puts records before all others, in the order given. */
  unshift (flights: ReadonlyArray<Flight<T>>): void {
    for (let at = flights.length - 1; at >= 0; at--) {
      const flight = flights[at] as Flight<T>
      flight.next = this.#head
      this.#head = flight
      this.#tail ??= flight
      this.#length++
      this.bytes += flight.callBytes
    }
  }

  /** Removes what the predicate names and returns it. */
  remove (predicate: (flight: Flight<T>) => boolean): Array<Flight<T>> {
    const removed: Array<Flight<T>> = []
    let resends = 0
    for (let left = this.#length, position = 0; position < left; position++) {
      const flight = this.shift() as Flight<T>
      if (predicate(flight)) {
        removed.push(flight)
      } else {
        this.push(flight)
        if (position < this.resends) resends++
      }
    }
    this.resends = resends
    return removed
  }
}
