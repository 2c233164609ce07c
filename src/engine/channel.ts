import fastq from 'fastq'
import { describeError } from '../errors.js'
import { Aftermath, type FateHandlers } from './aftermath.js'
import { type Backoff } from './backoff.js'
import { Batcher, type Batch } from './batcher.js'
import { Breaker } from './breaker.js'
import { type Clock, type Timer } from './clock.js'
import { type DispatchGate } from './dispatch-gate.js'
import { type Flight } from './flight.js'
import { type Hold } from './hold.js'
import { type Incidents, type Observer } from './observer.js'
import { transient, type Outcome } from './outcome.js'
import { type Stage } from './stage.js'

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
  readonly #aftermath: Aftermath<T>
  readonly #calls = new Set<Call<T>>()
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
    this.#aftermath = new Aftermath({
      stage: stage.name, key, forgetsAfterMs: stage.forgetsAfterMs, batcher: this.#batcher, breaker: this.#breaker, fates, ...deps, released: () => { this.pump() }
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
    this.#aftermath.close()
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
    const tally = { done: 0, poison: 0, transient: 0, environment: 0 }
    for (const outcome of outcomes) tally[outcome.class]++
    this.#breaker.judge({ outcomes, tally, probe: call.probe, aborted: call.controller.signal.aborted })
    this.#aftermath.conclude(call, outcomes, durationMs)
    this.#deps.observer.called(this.#stage.name, this.key, {
      records: call.flights.length, bytes: call.bytes, cause: call.cause, durationMs, resent: call.resent, ...tally
    })
  }
}
