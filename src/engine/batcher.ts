import { type Flight } from './flight.js'
import { Lane } from './lane.js'
import { LaneList } from './lane-list.js'
import { type FlushCause } from './observer.js'
import { type BatchPolicy } from './stage.js'

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
/** More than calls come and go with in a moment. */
const MAX_SPARE_LANES = 1_000

/**
 * Gathers records into calls. Invariants: a lane is in at most one batch at a time; a batch never exceeds the policy's
 * count and bytes (one oversized record goes alone); records of a lane leave in the order they came; a record that
 * failed goes again before anything later of its lane and is never topped up from that lane.
 *
 * What failed goes first, of several lanes together. Then a lane that fills the call by itself, so that calls lock as
 * few lanes as possible, but every lane has its turn. A lane that is free and not empty is in the list it belongs to.
 */
export class Batcher<T> {
  readonly #policy: BatchPolicy
  readonly #maxPerLane: number
  readonly #coalesce: boolean
  readonly #lanes = new Map<string, Lane<T>>()
  readonly #failed = new LaneList<T>()
  readonly #full = new LaneList<T>()
  readonly #ready = new LaneList<T>()
  /** Lanes out of use. With a key a record they come and go with every record. */
  readonly #spare: Array<Lane<T>> = []
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

  add (flight: Flight<T>, laneKey: string, now: number): void {
    const lane = this.#lanes.get(laneKey) ?? this.#open(laneKey, now)
    lane.push(flight)
    this.#waiting++
    this.#waitingBytes += flight.callBytes
    if (!lane.busy) this.#update(lane)
  }

  /** Puts records of a busy lane back to its head: first those that were only superseded, then those that failed. */
  putBack (lane: Lane<T>, fresh: ReadonlyArray<Flight<T>>, failed: ReadonlyArray<Flight<T>>): void {
    const back = [...fresh, ...failed]
    lane.unshift(back)
    lane.resends = fresh.length === 0 ? lane.resends + failed.length : 0
    this.#waiting += back.length
    for (const flight of back) this.#waitingBytes += flight.callBytes
  }

  /** The lane's call has ended and its backoff is over: it may be taken again, or is forgotten when it is empty. */
  release (lane: Lane<T>, now: number): void {
    lane.busy = false
    if (lane.length === 0) {
      this.#close(lane)
      return
    }
    lane.dueAt = now + this.#policy.lingerMs
    this.#update(lane)
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
    if (this.#readyRecords === 0) return undefined
    return Math.min((this.#ready.first ?? this.#full.first)?.dueAt ?? Infinity, this.#failed.first?.dueAt ?? Infinity)
  }

  /** Takes every waiting record out that the predicate names, and returns them in lane order. */
  remove (predicate: (flight: Flight<T>) => boolean): Array<Flight<T>> {
    const removed: Array<Flight<T>> = []
    for (const lane of this.#lanes.values()) {
      const gone = lane.remove(predicate)
      if (gone.length === 0) continue
      for (const flight of gone) this.#waitingBytes -= flight.callBytes
      this.#waiting -= gone.length
      removed.push(...gone)
      if (lane.busy) continue
      this.#update(lane)
      if (lane.length === 0) this.#close(lane)
    }
    return removed
  }

  #dueCause (now: number): FlushCause | undefined {
    if (this.#readyRecords >= this.#policy.maxRecords) return 'records'
    if (this.#readyRecords > 0 && this.#readyBytes >= this.#policy.maxBytes) return 'bytes'
    const { dueAt } = this
    return dueAt !== undefined && now >= dueAt ? 'linger' : undefined
  }

  #fill (cause: FlushCause, maxRecords: number): Batch<T> {
    const flights: Array<Flight<T>> = []
    const lanes: Array<Lane<T>> = []
    let bytes = 0
    let resent = 0
    while (flights.length < maxRecords) {
      const lane = cause === 'probe' ? this.#nextToProbe() : this.#next(flights.length === resent)
      if (lane === undefined) break
      const before = flights.length
      const most = Math.min(lane.offer, maxRecords - before)
      while (flights.length - before < most) {
        const flight = this.#takeFrom(lane, bytes, flights.length === 0)
        if (flight === undefined) break
        bytes += flight.callBytes
        flights.push(flight)
      }
      const taken = flights.length - before
      if (taken === 0) break
      if (lane.resends > 0) {
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
    const { head } = lane
    if (head === undefined) return undefined
    const last = this.#coalesce && lane.resends === 0 ? newestToCoalesce(head) : head
    if (!first && bytes + last.callBytes > this.#policy.maxBytes) return undefined
    for (let flight = lane.shift(); flight !== undefined; flight = lane.shift()) {
      this.#waiting--
      this.#waitingBytes -= flight.callBytes
      if (flight === last) break
      last.superseded ??= []
      last.superseded.push(flight)
    }
    return last
  }

  /** What failed, then a lane that fills what is left of the call, or the one that has been ready for longest. */
  #next (mayBeFull: boolean): Lane<T> | undefined {
    if (this.#failed.first !== undefined) return this.#failed.first
    if (mayBeFull && this.#full.first !== undefined && (this.#fullInARow < FULL_LANES_IN_A_ROW || this.#ready.first === undefined)) {
      this.#fullInARow++
      return this.#full.first
    }
    this.#fullInARow = 0
    return this.#ready.first ?? this.#full.first
  }

  /** It may be one record that makes calls fail: what has not failed yet goes first. */
  #nextToProbe (): Lane<T> | undefined {
    return this.#ready.first ?? this.#full.first ?? this.#failed.first
  }

  /** Brings the lane's offer, the count of ready records and its place in the lists up to date. */
  #update (lane: Lane<T>): void {
    const offer = this.#offerOf(lane)
    this.#readyRecords += offer - lane.offer
    lane.offer = offer
    const readyBytes = offer === 0 ? 0 : lane.bytes
    this.#readyBytes += readyBytes - lane.readyBytes
    lane.readyBytes = readyBytes
    const list = this.#listOf(lane)
    if (lane.list === list) return
    lane.list?.delete(lane)
    list?.push(lane)
  }

  #offerOf (lane: Lane<T>): number {
    if (lane.busy) return 0
    if (lane.resends > 0) return Math.min(lane.resends, this.#maxPerLane)
    return Math.min(lane.length, this.#coalesce ? 1 : this.#maxPerLane)
  }

  #listOf ({ offer, resends }: Lane<T>): LaneList<T> | undefined {
    if (offer === 0) return undefined
    if (resends > 0) return this.#failed
    return offer === this.#policy.maxRecords ? this.#full : this.#ready
  }

  #open (key: string, now: number): Lane<T> {
    const lane = this.#spare.pop() ?? new Lane<T>(key)
    lane.key = key
    lane.dueAt = now + this.#policy.lingerMs
    this.#lanes.set(key, lane)
    return lane
  }

  #close (lane: Lane<T>): void {
    this.#lanes.delete(lane.key)
    if (this.#spare.length < MAX_SPARE_LANES) this.#spare.push(lane)
  }
}

function newestToCoalesce<T> (head: Flight<T>): Flight<T> {
  let newest = head
  while (!newest.alone && newest.next?.alone === false) newest = newest.next
  return newest
}
