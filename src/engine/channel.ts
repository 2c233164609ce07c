import fastq from 'fastq'
import { describeError } from '../errors.js'
import { Aftermath, type FateHandlers } from './aftermath.js'
import { type Backoff } from './backoff.js'
import { Batcher, type Batch } from './batcher.js'
import { Breaker, type BreakerPolicy } from './breaker.js'
import { type Clock, type Timer } from './clock.js'
import { type DispatchGate } from './dispatch-gate.js'
import { type Flight } from './flight.js'
import { type Hold } from './hold.js'
import { type Incidents, type Observer } from './observer.js'
import { transient, type Outcome } from './outcome.js'
import { Sequencer, type Place } from './sequencer.js'
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
  readonly policy: BreakerPolicy
}

interface Call<T> {
  readonly batch: Batch<T>
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
  readonly #sequencer: Sequencer<T>
  /** Of calls that have ended: to make one costs more than all else about a call. */
  readonly #controllers: AbortController[] = []
  /** When the records came that were added since the last pump: all in one turn of the event loop. */
  #addedAt: number | undefined
  /** Something may be due that was not at the last pump. */
  #changed = false
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
      stage: stage.name, key, forgetsAfterMs: stage.forgetsAfterMs, batcher: this.#batcher, breaker: this.#breaker, fates, ...deps, released: () => { this.pump(true) }
    })
    this.#queue = fastq((call: Call<T>, ended: fastq.done<readonly Outcome[]>) => { this.#run(call, ended) }, stage.concurrency)
    this.#sequencer = new Sequencer((flight, laneKey) => {
      // Of several that were dropped together, the first to leave lets the next through.
      if (!flight.settled) this.#add(flight, laneKey)
    })
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
    this.#add(flight, this.#stage.orderKey(flight))
  }

  /** Takes a place in the line before the stage, which is added when its turn has come. */
  join (flight: Flight<T>, next: Place | undefined): Place {
    return this.#sequencer.join(flight, this.#stage.orderKey(flight), next)
  }

  /** Sends what is due. Called once per chunk or call, not per record; does nothing where nothing has happened, or else `always`. */
  pump (always = false): void {
    if (this.#closed || !(this.#changed || always)) return
    this.#changed = false
    this.#addedAt = undefined
    while (this.#deps.gate.open) {
      const batch = this.#takeDue()
      if (batch === undefined) break
      this.#dispatch(batch)
    }
    this.#armWakeTimer()
  }

  /** Takes waiting records out; calls in flight go on. */
  remove (predicate: (flight: Flight<T>) => boolean): Array<Flight<T>> {
    this.#changed = true
    return this.#batcher.remove(predicate)
  }

  /** Gives up the calls in flight that carry a record the predicate names. */
  abort (predicate: (flight: Flight<T>) => boolean): void {
    for (const call of this.#calls) {
      if (call.batch.flights.some(flight => predicate(flight) || flight.superseded?.some(predicate) === true)) call.controller.abort()
    }
  }

  /** Sends nothing more and tells nothing of what still comes back. */
  close (): void {
    this.#closed = true
    this.#wakeTimer?.clear()
    this.#aftermath.close()
    for (const call of this.#calls) call.controller.abort()
  }

  #add (flight: Flight<T>, laneKey: string): void {
    this.#changed = true
    this.#addedAt ??= this.#deps.clock.now()
    flight.callBytes = this.#stage.bytes(flight)
    flight.triesInPlace = 0
    flight.spentInPlaceMs = 0
    this.#batcher.add(flight, laneKey, this.#addedAt)
  }

  #takeDue (): Batch<T> | undefined {
    const now = this.#deps.clock.now()
    const { hold } = this
    if (hold === undefined) return this.#calls.size < this.#stage.concurrency ? this.#batcher.take(now) : undefined
    if (this.#calls.size > 0 || now < hold.probeAt) return undefined
    return this.#batcher.takeProbe(hold.reason.inferred ? 1 : Infinity)
  }

  /** One that fires too early finds nothing due and is set anew, which costs less than to set it anew with every call. */
  #armWakeTimer (): void {
    const at = this.#nextWake()
    if (at >= this.#wakeAt) return
    this.#wakeTimer?.clear()
    this.#wakeAt = at
    this.#wakeTimer = this.#deps.clock.setTimer(() => {
      this.#wakeAt = Infinity
      this.pump(true)
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
    const call: Call<T> = {
      batch, controller: this.#controllers.pop() ?? new AbortController(), probe: this.hold !== undefined, startedAt: this.#deps.clock.now()
    }
    for (const flight of batch.flights) {
      flight.origin.started(flight)
      if (flight.superseded === undefined) continue
      for (const older of flight.superseded) older.origin.started(older)
      this.#deps.observer.coalesced(this.#stage.name, flight.superseded.length)
    }
    this.#calls.add(call)
    this.#queue.push(call, (error, outcomes) => { this.#ended(call, error, outcomes) })
  }

  #run (call: Call<T>, ended: fastq.done<readonly Outcome[]>): void {
    this.#stage.run(call.batch.flights, call.controller.signal).then(
      outcomes => { ended(null, outcomes) },
      (error: unknown) => { ended(error instanceof Error ? error : new Error(describeError(error))) }
    )
  }

  #ended (call: Call<T>, error: Error | null, outcomes: readonly Outcome[] | undefined): void {
    this.#calls.delete(call)
    if (this.#closed) return
    this.#changed = true
    const { flights } = call.batch
    if (outcomes?.length === flights.length) {
      this.#conclude(call, outcomes)
    } else {
      const unknown = transient('UNKNOWN', error === null ? 'the stage did not answer for every record' : describeError(error))
      this.#conclude(call, flights.map(() => unknown))
    }
    this.#fates.callEnded()
  }

  #conclude ({ batch, controller, probe, startedAt }: Call<T>, outcomes: readonly Outcome[]): void {
    const now = this.#deps.clock.now()
    const durationMs = now - startedAt
    const { aborted } = controller.signal
    if (!aborted) this.#controllers.push(controller)
    const tally = { done: 0, poison: 0, transient: 0, environment: 0 }
    for (const outcome of outcomes) tally[outcome.class]++
    this.#breaker.judge({ outcomes, tally, probe, aborted })
    this.#aftermath.conclude(batch, outcomes, { now, durationMs, tookSome: tally.done > 0 })
    this.#deps.observer.called(this.#stage.name, this.key, {
      records: batch.flights.length, bytes: batch.bytes, cause: batch.cause, durationMs, resent: batch.resent, ...tally
    })
  }
}
