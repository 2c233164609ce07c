import { type Clock } from './clock.js'
import { Hold, type HoldReason } from './hold.js'
import { type Incidents } from './observer.js'
import { type Environment, isUnanswered, type Outcome, type Transient } from './outcome.js'
import { RetryBudget } from './retry-budget.js'

export interface BreakerPolicy {
  /** Whole calls in a row without any answer about a record, after which the service is taken to be down. */
  readonly failedCalls: number
  /** Longest pause between two probes of a held channel. */
  readonly probeMaxMs: number
  /** A probe that fails burns an attempt of its record. Else nothing that happens in a hold does, unless the service blames the record. */
  readonly probesBurnAttempts: boolean
}

export const DEFAULT_BREAKER: BreakerPolicy = { failedCalls: 5, probeMaxMs: 5_000, probesBurnAttempts: false }

/** How many records of a call ended how. */
export type Tally = Readonly<Record<Outcome['class'], number>>

export interface EndedCall {
  readonly outcomes: readonly Outcome[]
  readonly tally: Tally
  /** Sent while the channel was held. Others left before the hold and say nothing of the time after it. */
  readonly probe: boolean
  /** Given up by this process: its failures say nothing of the service. */
  readonly aborted: boolean
}

export interface BreakerOptions {
  readonly stage: string
  readonly key: string
  /** The stage has batch keys, so what is inferred of this key says nothing of the others. */
  readonly keyed: boolean
  readonly policy: BreakerPolicy
  readonly clock: Clock
  readonly random: () => number
  readonly incidents: Incidents
  /** The hold began, ended, or has another scope. */
  readonly holdChanged: () => void
}

/**
 * Judges what ended calls say of the service behind a channel, and holds the channel while it is sick: when the
 * service says so, when calls fail in a row without any answer about a record, and when repetition has used up the
 * retry budget. A held channel sends one probe at a time until one passes.
 */
export class Breaker {
  readonly #options: BreakerOptions
  readonly #budget: RetryBudget
  #hold: Hold | undefined
  #failedCalls = 0

  constructor (options: BreakerOptions) {
    this.#options = options
    this.#budget = new RetryBudget(options.clock)
  }

  get hold (): Hold | undefined {
    return this.#hold
  }

  judge (call: EndedCall): void {
    const { tally, probe } = call
    if (tally.environment > 0) {
      const sick = call.outcomes.find((outcome): outcome is Environment => outcome.class === 'environment') as Environment
      const scope = this.#options.keyed ? sick.scope : 'stage'
      this.#holdFor({ scope, code: sick.code, detail: sick.detail, inferred: false }, probe, sick.retryAfterMs)
      return
    }
    if (tally.done > 0 || tally.poison > 0) {
      this.#budget.succeeded(tally.done)
      this.#failedCalls = 0
      if (probe) this.#resume()
    }
    if (tally.transient > 0 && !call.aborted) this.#judgeTransient(call)
  }

  /** True when this failure says something of the record it happened to, and so may burn its attempt. */
  blamesRecord (outcome: Transient): boolean {
    if (outcome.throttled === true || outcome.code === 'ABORTED') return false
    return this.#hold === undefined || this.#options.policy.probesBurnAttempts || !isUnanswered(outcome)
  }

  #judgeTransient ({ outcomes, tally, probe }: EndedCall): void {
    const first = outcomes.find((outcome): outcome is Transient => outcome.class === 'transient') as Transient
    const answered = outcomes.some(outcome => !isUnanswered(outcome))
    this.#failedCalls = answered ? 0 : this.#failedCalls + 1
    if (this.#hold !== undefined) {
      this.#holdFor(this.#inferred(`the probe failed: ${first.detail}`), probe, first.retryAfterMs)
    } else if (this.#failedCalls >= this.#options.policy.failedCalls) {
      this.#holdFor(this.#inferred(`${this.#failedCalls} calls in a row failed: ${first.detail}`), probe, first.retryAfterMs)
    } else if (!this.#budget.take(tally.transient)) {
      this.#options.incidents.retryBudgetSpent(this.#options.stage, this.#options.key)
      this.#holdFor(this.#inferred(`the retry budget is spent: ${first.detail}`), probe, first.retryAfterMs)
    }
  }

  #inferred (detail: string): HoldReason {
    return { scope: this.#hold?.reason.scope ?? (this.#options.keyed ? 'key' : 'stage'), code: 'UNAVAILABLE', detail, inferred: true }
  }

  #holdFor (reason: HoldReason, probe: boolean, retryAfterMs?: number): void {
    const { stage, key, keyed, policy, clock, random, incidents, holdChanged } = this.#options
    if (this.#hold === undefined) {
      this.#hold = new Hold(reason, { clock, random, longestProbeMs: policy.probeMaxMs }, retryAfterMs)
      incidents.held(stage, keyed ? key : undefined, reason.code, reason.detail)
      holdChanged()
    } else if (probe) {
      const { scope } = this.#hold.reason
      this.#hold.probeFailed(reason, retryAfterMs)
      if (scope !== reason.scope) holdChanged()
    }
  }

  #resume (): void {
    const hold = this.#hold
    if (hold === undefined) return
    this.#hold = undefined
    const { stage, key, keyed, clock, incidents, holdChanged } = this.#options
    incidents.resumed(stage, keyed ? key : undefined, clock.now() - hold.since)
    holdChanged()
  }
}
