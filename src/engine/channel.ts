import fastq from 'fastq'
import { describeError, type FailureCode } from '../errors.js'
import { backoffDelay, type Backoff } from './backoff.js'
import { Batcher, type Batch, type Lane } from './batcher.js'
import { Breaker } from './breaker.js'
import { type Clock, type Timer } from './clock.js'
import { type DispatchGate } from './dispatch-gate.js'
import { type Flight } from './flight.js'
import { type Hold } from './hold.js'
import { type Incidents, type Observer } from './observer.js'
import { transient, type Outcome, type Transient } from './outcome.js'
import { type Stage } from './stage.js'

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

export interface ChannelDependencies {
  readonly clock: Clock
  readonly random: () => number
  readonly observer: Observer
  readonly incidents: Incidents
  readonly gate: DispatchGate
  readonly backoff: Backoff
  /** How long one pass may go on failing in place, in ms of calls and backoff. */
  readonly retryInPlaceMs: number
}

interface Call<T> extends Batch<T> {
  readonly controller: AbortController
  readonly probe: boolean
  startedAt: number
}

/** How a call ended, for those of its records that failed. */
interface Ending<T> {
  readonly durationMs: number
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
 * Everything one batch key of a stage has under way: its lanes, its calls (bounded by fastq) and its breaker. What
 * happens to one key (a queue, a table) never touches another.
 */
export class Channel<T> {
  readonly key: string
  readonly #stage: Stage<T>
  readonly #fates: FateHandlers<T>
  readonly #deps: ChannelDependencies
  readonly #batcher: Batcher<T>
  readonly #breaker: Breaker
  readonly #calls = new Set<Call<T>>()
  readonly #backoffs = new Set<Timer>()
  readonly #queue: fastq.queue<Call<T>, readonly Outcome[]>
  #wakeTimer: Timer | undefined
  #wakeAt = Infinity
  #closed = false

  constructor (key: string, stage: Stage<T>, fates: FateHandlers<T>, deps: ChannelDependencies) {
    this.key = key
    this.#stage = stage
    this.#fates = fates
    this.#deps = deps
    this.#breaker = new Breaker({
      stage: stage.name, key, keyed: stage.batchKey !== undefined, ...deps, holdChanged: () => { fates.holdChanged() }
    })
    this.#batcher = new Batcher({
      policy: stage.batch,
      maxPerLane: stage.coalesce === undefined ? stage.maxPerLane ?? Infinity : 1,
      coalesce: stage.coalesce !== undefined
    })
    this.#queue = fastq((call: Call<T>, ended: fastq.done<readonly Outcome[]>) => { this.#run(call, ended) }, stage.concurrency)
  }

  get waiting (): number {
    return this.#batcher.waiting
  }

  get waitingBytes (): number {
    return this.#batcher.waitingBytes
  }

  get hold (): Hold | undefined {
    return this.#breaker.hold
  }

  /** Held, and with enough at hand for its next probes: more would only pile up. */
  get pausesIntake (): boolean {
    return this.hold?.reason.scope === 'stage' && this.waiting >= this.#stage.batch.maxRecords
  }

  add (flight: Flight<T>): void {
    flight.enqueuedAt = this.#deps.clock.now()
    flight.callBytes = this.#stage.bytes(flight)
    flight.triesInPlace = 0
    flight.spentInPlaceMs = 0
    this.#batcher.add(flight, this.#stage.orderKey(flight))
  }

  /** Sends what is due. Called once per chunk or call, not per record. */
  pump (): void {
    if (this.#closed) return
    while (this.#deps.gate.open) {
      const batch = this.#takeDue()
      if (batch === undefined) break
      this.#dispatch(batch)
    }
    this.#armWakeTimer()
  }

  /** Takes waiting records out; calls in flight go on. */
  remove (predicate: (flight: Flight<T>) => boolean): Array<Flight<T>> {
    return this.#batcher.remove(predicate)
  }

  /** Gives up the calls in flight that carry a record the predicate names. */
  abort (predicate: (flight: Flight<T>) => boolean): void {
    for (const call of this.#calls) {
      if (call.flights.some(flight => predicate(flight) || flight.superseded?.some(predicate) === true)) call.controller.abort()
    }
  }

  /** Sends nothing more and tells nothing of what still comes back. */
  close (): void {
    this.#closed = true
    this.#wakeTimer?.clear()
    for (const timer of this.#backoffs) timer.clear()
    for (const call of this.#calls) call.controller.abort()
  }

  #takeDue (): Batch<T> | undefined {
    const now = this.#deps.clock.now()
    const { hold } = this
    if (hold === undefined) return this.#calls.size < this.#stage.concurrency ? this.#batcher.take(now) : undefined
    if (this.#calls.size > 0 || now < hold.probeAt) return undefined
    return this.#batcher.takeProbe(hold.reason.inferred ? 1 : Infinity)
  }

  #armWakeTimer (): void {
    const at = this.#nextWake()
    if (at === this.#wakeAt) return
    this.#wakeTimer?.clear()
    this.#wakeAt = at
    if (at === Infinity) {
      this.#wakeTimer = undefined
      return
    }
    this.#wakeTimer = this.#deps.clock.setTimer(() => {
      this.#wakeAt = Infinity
      this.pump()
    }, Math.max(1, Math.ceil(at - this.#deps.clock.now())))
  }

  /** When time alone makes something due. The end of a call or of a backoff, and the gate's opening, pump by themselves. */
  #nextWake (): number {
    const { dueAt } = this.#batcher
    if (dueAt === undefined || !this.#deps.gate.open) return Infinity
    if (this.hold !== undefined) return this.#calls.size > 0 ? Infinity : this.hold.probeAt
    return this.#calls.size < this.#stage.concurrency ? dueAt : Infinity
  }

  #dispatch (batch: Batch<T>): void {
    const call: Call<T> = { ...batch, controller: new AbortController(), probe: this.hold !== undefined, startedAt: this.#deps.clock.now() }
    for (const flight of call.flights) {
      flight.origin.started(flight)
      if (flight.superseded === undefined) continue
      for (const older of flight.superseded) older.origin.started(older)
      this.#deps.observer.coalesced(this.#stage.name, flight.superseded.length)
    }
    this.#calls.add(call)
    this.#queue.push(call, (error, outcomes) => { this.#ended(call, error, outcomes) })
  }

  #run (call: Call<T>, ended: fastq.done<readonly Outcome[]>): void {
    call.startedAt = this.#deps.clock.now()
    this.#stage.run(call.flights, call.controller.signal).then(
      outcomes => { ended(null, outcomes) },
      (error: unknown) => { ended(error instanceof Error ? error : new Error(describeError(error))) }
    )
  }

  #ended (call: Call<T>, error: Error | null, outcomes: readonly Outcome[] | undefined): void {
    this.#calls.delete(call)
    if (this.#closed) return
    if (outcomes?.length === call.flights.length) {
      this.#conclude(call, outcomes)
    } else {
      const unknown = transient('UNKNOWN', error === null ? 'the stage did not answer for every record' : describeError(error))
      this.#conclude(call, call.flights.map(() => unknown))
    }
    this.#fates.callEnded()
  }

  #conclude (call: Call<T>, outcomes: readonly Outcome[]): void {
    const durationMs = this.#deps.clock.now() - call.startedAt
    const ending: Ending<T> = { durationMs, draw: this.#deps.random(), backoffs: new Map() }
    const tally = { done: 0, poison: 0, transient: 0, environment: 0 }
    for (const outcome of outcomes) tally[outcome.class]++
    this.#breaker.judge({ outcomes, tally, probe: call.probe, aborted: call.controller.signal.aborted })

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
    if (overtaken > 0) this.#deps.observer.overtaken(this.#stage.name, overtaken)
    this.#deps.observer.called(this.#stage.name, this.key, {
      records: call.flights.length, bytes: call.bytes, cause: call.cause, durationMs, resent: call.resent, ...tally
    })
  }

  #pass (flight: Flight<T>): void {
    const { superseded } = flight
    if (superseded !== undefined) {
      flight.superseded = undefined
      for (const older of superseded) this.#fates.done(older)
    }
    this.#fates.done(flight)
  }

  #fail (flight: Flight<T>, outcome: Exclude<Outcome, { class: 'done' }>, ending: Ending<T>, back: PutBack<T>): void {
    this.#deps.observer.failed(this.#stage.name, this.key, outcome.code, 1)
    this.#releaseSuperseded(flight, outcome, back)
    if (!isLive(flight)) return
    if (outcome.class === 'poison') {
      this.#fates.poison(flight, outcome.code, outcome.detail)
      return
    }
    this.#fates.failed(flight, outcome.code, outcome.detail)
    if (outcome.class === 'transient' && this.#passIsSpent(flight, outcome, ending, back) && this.#fates.spent(flight)) return
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

  #passIsSpent (flight: Flight<T>, outcome: Transient, { durationMs, draw }: Ending<T>, back: PutBack<T>): boolean {
    const delayMs = Math.max(backoffDelay(this.#deps.backoff, flight.triesInPlace, draw), outcome.retryAfterMs ?? 0)
    flight.triesInPlace++
    back.delayMs = Math.max(back.delayMs, delayMs)
    if (!this.#breaker.blamesRecord(outcome)) return false
    flight.spentInPlaceMs += durationMs + delayMs
    if (flight.spentInPlaceMs <= this.#deps.retryInPlaceMs) return false
    flight.spentInPlaceMs = 0
    return true
  }

  #freeLane (lane: Lane<T>, { backoffs }: Ending<T>, back: PutBack<T> | undefined): void {
    if (back !== undefined) this.#batcher.putBack(lane, back.fresh, back.failed)
    if (back === undefined || back.failed.length === 0 || back.delayMs === 0) {
      this.#batcher.release(lane)
      return
    }
    const lanes = backoffs.get(back.delayMs)
    if (lanes === undefined) backoffs.set(back.delayMs, [lane])
    else lanes.push(lane)
  }

  #releaseLater (lanes: ReadonlyArray<Lane<T>>, delayMs: number): void {
    const timer = this.#deps.clock.setTimer(() => {
      this.#backoffs.delete(timer)
      for (const lane of lanes) this.#batcher.release(lane)
      this.pump()
    }, delayMs)
    this.#backoffs.add(timer)
  }
}

function isLive<T> (flight: Flight<T>): boolean {
  return !flight.settled && !flight.origin.closed
}
