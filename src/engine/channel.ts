import fastq from 'fastq'
import { describeError, type FailureCode } from '../errors.js'
import { backoffDelay, type Backoff } from './backoff.js'
import { Batcher, type Batch, type Lane } from './batcher.js'
import { type Clock, type Timer } from './clock.js'
import { type DispatchGate } from './dispatch-gate.js'
import { type Flight } from './flight.js'
import { Hold, type HoldReason } from './hold.js'
import { type Incidents, type Observer } from './observer.js'
import { transient, type Environment, type Outcome, type Transient } from './outcome.js'
import { RetryBudget } from './retry-budget.js'
import { type Stage } from './stage.js'

/** Whole calls in a row without any answer about a record, after which the service is taken to be down. */
const BREAKER_CALLS = 5
const CALL_LEVEL: ReadonlySet<FailureCode> = new Set(['TIMEOUT', 'CONNECTION', 'SERVER_ERROR', 'UNKNOWN', 'ABORTED'])

/** What a channel asks of the engine about the fate of a record. */
export interface FateHandlers<T> {
  done (flight: Flight<T>): void
  poison (flight: Flight<T>, code: FailureCode, detail: string): void
  /** A failure that may pass; noted on the flight. */
  failed (flight: Flight<T>, code: FailureCode, detail: string): void
  /** The pass's time in place is spent. True when the record has left the stage; false when it goes on in place. */
  spent (flight: Flight<T>): boolean
  /** A call has ended and all its outcomes were handled: stages behind may have something to send. */
  callEnded (): void
  /** The channel is held, or no more. */
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
  startedAt: number
}

/** What of one lane comes back from a call: records that were only superseded, and records that failed. */
interface PutBack<T> {
  readonly fresh: Array<Flight<T>>
  readonly failed: Array<Flight<T>>
  delayMs: number
}

/**
 * Everything one batch key of a stage has under way: its lanes, its calls (bounded by fastq), its hold and its retry
 * budget. What happens to one key (a queue, a table) never touches another.
 */
export class Channel<T> {
  readonly key: string
  readonly #stage: Stage<T>
  readonly #fates: FateHandlers<T>
  readonly #deps: ChannelDependencies
  readonly #batcher: Batcher<T>
  readonly #calls = new Set<Call<T>>()
  readonly #backoffs = new Set<Timer>()
  readonly #budget: RetryBudget
  readonly #queue: fastq.queue<Call<T>, readonly Outcome[]>
  #hold: Hold | undefined
  #failedCalls = 0
  #wakeTimer: Timer | undefined
  #wakeAt = Infinity
  #draining = false
  #closed = false

  constructor (key: string, stage: Stage<T>, fates: FateHandlers<T>, deps: ChannelDependencies) {
    this.key = key
    this.#stage = stage
    this.#fates = fates
    this.#deps = deps
    this.#budget = new RetryBudget(deps.clock)
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

  get callsInFlight (): number {
    return this.#calls.size
  }

  get hold (): Hold | undefined {
    return this.#hold
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
    const { clock, gate } = this.#deps
    while (gate.open && this.#calls.size < this.#allowedCalls()) {
      const batch = this.#batcher.take(clock.now(), this.#draining || this.#hold !== undefined)
      if (batch === undefined) break
      this.#dispatch(batch)
    }
    this.#armWakeTimer()
  }

  /** From now on nothing waits for company. */
  drain (): void {
    this.#draining = true
    this.pump()
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

  close (): void {
    this.#closed = true
    this.#wakeTimer?.clear()
    for (const timer of this.#backoffs) timer.clear()
    for (const call of this.#calls) call.controller.abort()
  }

  #allowedCalls (): number {
    if (this.#hold === undefined) return this.#stage.concurrency
    return this.#deps.clock.now() >= this.#hold.probeAt ? 1 : 0
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

  #nextWake (): number {
    if (this.#batcher.waiting === 0 || !this.#deps.gate.open) return Infinity
    if (this.#hold !== undefined) return this.#calls.size > 0 ? Infinity : Math.max(this.#hold.probeAt, this.#deps.clock.now() + 1)
    if (this.#calls.size >= this.#stage.concurrency) return Infinity
    return this.#batcher.dueAt ?? Infinity
  }

  #dispatch (batch: Batch<T>): void {
    const call: Call<T> = { ...batch, controller: new AbortController(), startedAt: this.#deps.clock.now() }
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
    const complete = outcomes?.length === call.flights.length
    const unknown = complete ? undefined : transient('UNKNOWN', error === null ? 'the stage did not answer for every record' : describeError(error))
    this.#conclude(call, complete ? outcomes : call.flights.map(() => unknown as Transient))
    this.#fates.callEnded()
    this.pump()
  }

  #conclude (call: Call<T>, outcomes: readonly Outcome[]): void {
    const durationMs = this.#deps.clock.now() - call.startedAt
    const tally = { done: 0, poison: 0, transient: 0, environment: 0 }
    for (const outcome of outcomes) tally[outcome.class]++
    this.#judge(call, outcomes, tally)

    let overtaken = 0
    const failedByLane = new Map<string, PutBack<T>>()
    for (const [index, flight] of call.flights.entries()) {
      const outcome = outcomes[index] as Outcome
      const superseded = flight.superseded
      flight.superseded = undefined
      if (outcome.class === 'done') {
        if (failedByLane.size > 0 && failedByLane.has(this.#stage.orderKey(flight))) overtaken++
        if (superseded !== undefined) for (const older of superseded) this.#fates.done(older)
        this.#fates.done(flight)
        continue
      }
      const back: PutBack<T> = { fresh: superseded ?? [], failed: [], delayMs: 0 }
      for (const older of back.fresh) older.alone = true
      this.#fail(flight, outcome, durationMs, back)
      const key = this.#stage.orderKey(flight)
      const lane = failedByLane.get(key)
      if (lane === undefined) {
        failedByLane.set(key, back)
      } else {
        lane.fresh.push(...back.fresh)
        lane.failed.push(...back.failed)
        lane.delayMs = Math.max(lane.delayMs, back.delayMs)
      }
    }
    if (overtaken > 0) this.#deps.observer.overtaken(this.#stage.name, overtaken)
    for (const lane of call.lanes) this.#freeLane(lane, failedByLane.get(lane.key))
    this.#deps.observer.called(this.#stage.name, this.key, {
      records: call.flights.length, bytes: call.bytes, cause: call.cause, durationMs, resent: call.resent, ...tally
    })
  }

  /** What the call as a whole says of the service: alive, sick, or nothing. */
  #judge (call: Call<T>, outcomes: readonly Outcome[], tally: { done: number, poison: number, transient: number, environment: number }): void {
    const sick = outcomes.find((outcome): outcome is Environment => outcome.class === 'environment')
    if (sick !== undefined) {
      this.#holdFor({ scope: sick.scope, code: sick.code, detail: sick.detail }, sick.retryAfterMs)
      return
    }
    if (tally.done > 0 || tally.poison > 0) {
      this.#failedCalls = 0
      this.#budget.succeeded(tally.done)
      this.#resume()
    }
    if (tally.transient === 0) return
    const silent = outcomes.every(outcome => outcome.class === 'transient' && CALL_LEVEL.has(outcome.code))
    if (silent && !call.controller.signal.aborted) this.#failedCalls++
    const first = outcomes.find((outcome): outcome is Transient => outcome.class === 'transient') as Transient
    const scope = this.#stage.batchKey === undefined ? 'stage' : 'key'
    if (this.#failedCalls >= BREAKER_CALLS) {
      this.#holdFor({ scope, code: 'UNAVAILABLE', detail: `${BREAKER_CALLS} calls in a row failed: ${first.detail}` }, first.retryAfterMs)
    } else if (this.#hold !== undefined) {
      this.#hold.probeFailed(first.retryAfterMs)
    } else if (!this.#budget.take(tally.transient)) {
      this.#deps.incidents.retryBudgetSpent(this.#stage.name, this.key)
      this.#holdFor({ scope, code: 'UNAVAILABLE', detail: `the retry budget is spent: ${first.detail}` }, first.retryAfterMs)
    }
  }

  #fail (flight: Flight<T>, outcome: Exclude<Outcome, { class: 'done' }>, durationMs: number, back: PutBack<T>): void {
    this.#deps.observer.failed(this.#stage.name, this.key, outcome.code, 1)
    if (flight.origin.closed || flight.settled) return
    if (outcome.class === 'poison') {
      this.#fates.poison(flight, outcome.code, outcome.detail)
      return
    }
    this.#fates.failed(flight, outcome.code, outcome.detail)
    if (outcome.class === 'transient') {
      const delayMs = Math.max(backoffDelay(this.#deps.backoff, flight.triesInPlace), outcome.retryAfterMs ?? 0)
      flight.triesInPlace++
      back.delayMs = Math.max(back.delayMs, delayMs)
      const burns = outcome.throttled !== true && this.#hold === undefined && outcome.code !== 'ABORTED'
      if (burns) flight.spentInPlaceMs += durationMs + delayMs
      if (burns && flight.spentInPlaceMs > this.#deps.retryInPlaceMs) {
        flight.spentInPlaceMs = 0
        if (this.#fates.spent(flight)) return
      }
    }
    back.failed.push(flight)
  }

  #freeLane (lane: Lane<T>, back: PutBack<T> | undefined): void {
    if (back !== undefined) this.#batcher.putBack(lane, back.fresh.filter(isLive), back.failed.filter(isLive))
    if (back === undefined || back.failed.length === 0 || back.delayMs === 0) {
      this.#batcher.release(lane)
      return
    }
    const timer = this.#deps.clock.setTimer(() => {
      this.#backoffs.delete(timer)
      this.#batcher.release(lane)
      this.pump()
    }, back.delayMs)
    this.#backoffs.add(timer)
  }

  #holdFor (reason: HoldReason, retryAfterMs?: number): void {
    if (this.#hold !== undefined) {
      this.#hold.probeFailed(retryAfterMs)
      return
    }
    this.#hold = new Hold(reason, this.#deps.clock, this.#deps.random, retryAfterMs)
    this.#deps.incidents.held(this.#stage.name, this.#stage.batchKey === undefined ? undefined : this.key, reason.code, reason.detail)
    this.#fates.holdChanged()
  }

  #resume (): void {
    const hold = this.#hold
    if (hold === undefined) return
    this.#hold = undefined
    this.#failedCalls = 0
    this.#deps.incidents.resumed(this.#stage.name, this.#stage.batchKey === undefined ? undefined : this.key, this.#deps.clock.now() - hold.since)
    this.#fates.holdChanged()
  }
}

function isLive<T> (flight: Flight<T>): boolean {
  return !flight.settled && !flight.origin.closed
}
