import { Fifo } from './fifo.js'
import { type Flight } from './flight.js'
import { type FlushCause } from './observer.js'
import { type BatchPolicy } from './stage.js'

/** The records of one order key that wait for their call. */
export interface Lane<T> {
  readonly key: string
  readonly waiting: Fifo<Flight<T>>
  /** In a call, or waiting out a backoff: nothing of it may be taken. */
  busy: boolean
  /** How many of its records are in its present call. */
  taken: number
  /** How many at the head failed before: they go again alone, before anything later of the lane. */
  resends: number
  /** What the lane adds to a call if it is taken now; 0 while it is busy. */
  offer: number
  /** Bytes of all that waits in it, and how many of them count as ready. */
  bytes: number
  readyBytes: number
  /** Stands in the list of ready lanes (perhaps no longer ready). */
  listed: boolean
}

export interface Batch<T> {
  /** Lane by lane, each lane's `taken` records together and in their order. */
  readonly flights: Array<Flight<T>>
  readonly lanes: Array<Lane<T>>
  readonly bytes: number
  readonly cause: FlushCause
  readonly resent: number
}

export interface BatcherOptions {
  readonly policy: BatchPolicy
  readonly maxPerLane: number
  readonly coalesce: boolean
}

/** So many calls may go to lanes that fill them before the lane that has been ready for longest has its turn. */
const FULL_LANES_IN_A_ROW = 8

/**
 * Gathers records into calls. Invariants: a lane is in at most one batch at a time; a batch never exceeds the policy's
 * count and bytes (one oversized record goes alone); records of a lane leave in the order they came; a record that
 * failed goes again before anything later of its lane and is never topped up from that lane. A lane that fills a call
 * by itself goes first, so that calls lock as few lanes as possible, but every lane has its turn.
 */
export class Batcher<T> {
  readonly #policy: BatchPolicy
  readonly #maxPerLane: number
  readonly #coalesce: boolean
  readonly #lanes = new Map<string, Lane<T>>()
  readonly #ready = new Fifo<Lane<T>>()
  readonly #full = new Fifo<Lane<T>>()
  #readyRecords = 0
  #waiting = 0
  #waitingBytes = 0
  #readyBytes = 0
  #fullInARow = 0

  constructor (options: BatcherOptions) {
    this.#policy = options.policy
    this.#maxPerLane = Math.min(options.maxPerLane, options.policy.maxRecords)
    this.#coalesce = options.coalesce
  }

  /** Records that wait, in busy lanes too. */
  get waiting (): number {
    return this.#waiting
  }

  get waitingBytes (): number {
    return this.#waitingBytes
  }

  add (flight: Flight<T>, laneKey: string): void {
    let lane = this.#lanes.get(laneKey)
    if (lane === undefined) {
      lane = { key: laneKey, waiting: new Fifo(), busy: false, taken: 0, resends: 0, offer: 0, bytes: 0, readyBytes: 0, listed: false }
      this.#lanes.set(laneKey, lane)
    }
    lane.waiting.push(flight)
    this.#count(lane, flight, 1)
    this.#update(lane)
  }

  /** Puts records of a busy lane back to its head: first those that were only superseded, then those that failed. */
  putBack (lane: Lane<T>, fresh: ReadonlyArray<Flight<T>>, failed: ReadonlyArray<Flight<T>>): void {
    const back = [...fresh, ...failed]
    lane.waiting.unshift(back)
    lane.resends = fresh.length === 0 ? lane.resends + failed.length : 0
    for (const flight of back) this.#count(lane, flight, 1)
  }

  /** The lane's call has ended and its backoff is over: it may be taken again, or is forgotten when it is empty. */
  release (lane: Lane<T>): void {
    lane.busy = false
    if (lane.waiting.length === 0) this.#lanes.delete(lane.key)
    else this.#update(lane)
  }

  /** The next batch that should leave now, if any. */
  take (now: number): Batch<T> | undefined {
    const cause = this.#dueCause(now)
    return cause === undefined ? undefined : this.#fill(cause, this.#policy.maxRecords)
  }

  /** What is ready, without waiting for company, to see whether it passes. */
  takeProbe (maxRecords: number): Batch<T> | undefined {
    return this.#readyRecords === 0 ? undefined : this.#fill('probe', Math.min(maxRecords, this.#policy.maxRecords))
  }

  /** When the oldest ready record will have waited long enough; undefined when nothing is ready. */
  get dueAt (): number | undefined {
    const oldest = this.#oldestReady()
    return oldest === undefined ? undefined : oldest.enqueuedAt + this.#policy.lingerMs
  }

  /** Takes every waiting record out that the predicate names, and returns them in lane order. */
  remove (predicate: (flight: Flight<T>) => boolean): Array<Flight<T>> {
    const removed: Array<Flight<T>> = []
    for (const lane of this.#lanes.values()) {
      let position = 0
      let resendsGone = 0
      const gone = lane.waiting.remove(flight => {
        const named = predicate(flight)
        if (named && position < lane.resends) resendsGone++
        position++
        return named
      })
      if (gone.length === 0) continue
      lane.resends -= resendsGone
      for (const flight of gone) this.#count(lane, flight, -1)
      removed.push(...gone)
      if (!lane.busy) {
        this.#update(lane)
        if (lane.waiting.length === 0) this.#lanes.delete(lane.key)
      }
    }
    return removed
  }

  #dueCause (now: number): FlushCause | undefined {
    if (this.#readyRecords === 0) return undefined
    if (this.#readyRecords >= this.#policy.maxRecords) return 'records'
    if (this.#readyBytes >= this.#policy.maxBytes) return 'bytes'
    const oldest = this.#oldestReady()
    return oldest !== undefined && now - oldest.enqueuedAt >= this.#policy.lingerMs ? 'linger' : undefined
  }

  #fill (cause: FlushCause, maxRecords: number): Batch<T> {
    const flights: Array<Flight<T>> = []
    const lanes: Array<Lane<T>> = []
    let bytes = 0
    let resent = 0
    while (flights.length < maxRecords) {
      const lane = this.#nextReady(flights.length === 0 ? maxRecords : Infinity)
      if (lane === undefined) break
      const before = flights.length
      const fromResends = lane.resends > 0
      const most = Math.min(lane.offer, maxRecords - flights.length)
      while (flights.length - before < most) {
        const flight = this.#takeFrom(lane, bytes, flights.length === 0)
        if (flight === undefined) break
        bytes += flight.callBytes
        flights.push(flight)
      }
      const taken = flights.length - before
      if (taken === 0) {
        this.#relist(lane)
        break
      }
      if (fromResends) {
        lane.resends -= taken
        resent += taken
      }
      lane.busy = true
      lane.taken = taken
      this.#update(lane)
      lanes.push(lane)
    }
    return { flights, lanes, bytes, cause, resent }
  }

  /** The lane's next record if the call still holds it; when coalescing, the newest with all older ones behind it. */
  #takeFrom (lane: Lane<T>, bytes: number, first: boolean): Flight<T> | undefined {
    const head = lane.waiting.peek()
    if (head === undefined) return undefined
    const last = this.#coalesce && lane.resends === 0 && !head.alone ? this.#newestToCoalesce(lane) : head
    if (!first && bytes + last.callBytes > this.#policy.maxBytes) return undefined
    for (let flight = lane.waiting.shift(); flight !== undefined; flight = lane.waiting.shift()) {
      this.#count(lane, flight, -1)
      if (flight === last) break
      last.superseded ??= []
      last.superseded.push(flight)
    }
    return last
  }

  #newestToCoalesce (lane: Lane<T>): Flight<T> {
    let newest: Flight<T> | undefined
    for (const flight of lane.waiting) {
      if (flight.alone) break
      newest = flight
    }
    return newest as Flight<T>
  }

  /** A lane that fills a whole call by itself, or the one that has been ready for longest. */
  #nextReady (callRecords: number): Lane<T> | undefined {
    if (callRecords === this.#policy.maxRecords && this.#fullInARow < FULL_LANES_IN_A_ROW) {
      for (let lane = this.#full.shift(); lane !== undefined; lane = this.#full.shift()) {
        if (lane.offer < callRecords) continue
        this.#fullInARow++
        return lane
      }
    }
    this.#fullInARow = 0
    return this.#shiftReady()
  }

  #shiftReady (): Lane<T> | undefined {
    for (let lane = this.#ready.shift(); lane !== undefined; lane = this.#ready.shift()) {
      lane.listed = false
      if (lane.offer > 0) return lane
    }
    return undefined
  }

  #oldestReady (): Flight<T> | undefined {
    for (let lane = this.#ready.peek(); lane !== undefined; lane = this.#ready.peek()) {
      if (lane.offer > 0) return lane.waiting.peek()
      lane.listed = false
      this.#ready.shift()
    }
    return undefined
  }

  #relist (lane: Lane<T>): void {
    if (lane.listed) return
    lane.listed = true
    this.#ready.unshift([lane])
  }

  /** Brings the lane's offer, the count of ready records and the lists of ready lanes up to date. */
  #update (lane: Lane<T>): void {
    const before = lane.offer
    lane.offer = this.#offerOf(lane)
    this.#readyRecords += lane.offer - before
    const readyBytes = lane.offer === 0 ? 0 : lane.bytes
    this.#readyBytes += readyBytes - lane.readyBytes
    lane.readyBytes = readyBytes
    if (lane.offer === 0) return
    if (!lane.listed) {
      lane.listed = true
      this.#ready.push(lane)
    }
    if (lane.offer >= this.#policy.maxRecords && before < this.#policy.maxRecords && this.#maxPerLane > 1) this.#full.push(lane)
  }

  #offerOf (lane: Lane<T>): number {
    if (lane.busy) return 0
    if (lane.resends > 0) return Math.min(lane.resends, this.#maxPerLane)
    return Math.min(lane.waiting.length, this.#coalesce ? 1 : this.#maxPerLane)
  }

  #count (lane: Lane<T>, flight: Flight<T>, sign: 1 | -1): void {
    this.#waiting += sign
    this.#waitingBytes += sign * flight.callBytes
    lane.bytes += sign * flight.callBytes
  }
}
