import { type CallTarget } from './call-target.js'

export interface TargetKeeperOptions {
  ask (): Promise<CallTarget>
  /** Makes the SDK fetch its credentials anew, which it otherwise does only when they are about to expire. */
  renewCredentials (): Promise<unknown>
  /** Monotonic ms. */
  now (): number
  /** ms since 1970, by the clock of the service. */
  serviceTime (): number
}

/** Calls go on with credentials that have not expired while new ones are fetched; the SDK fetches 5 minutes ahead. */
const FETCH_AHEAD_MS = 5 * 60_000
/** Whatever else may change is noticed after this. */
const LONGEST_AGE_MS = 5 * 60_000
const PAUSE_MS = 5_000

/**
 * Keeps what a call needs to know at hand, so that a call asks nobody. It is asked for again in the background when it is
 * old or its credentials will expire soon; only a call that finds none that is good waits.
 */
export class TargetKeeper {
  readonly #options: TargetKeeperOptions
  #target: CallTarget | undefined
  /** By the clock of the service. */
  #goodUntil = 0
  /** Monotonic: a wall clock that is set back would keep it waiting. */
  #askAgainAt = 0
  #renewAt = 0
  #renew = false
  #asking: Promise<CallTarget> | undefined

  constructor (options: TargetKeeperOptions) {
    this.#options = options
  }

  /** What is good now, or `undefined`: then it must be fetched. */
  current (): CallTarget | undefined {
    if (this.#target === undefined || this.#options.serviceTime() >= this.#goodUntil) return undefined
    const now = this.#options.now()
    if (now >= this.#askAgainAt && this.#asking === undefined) {
      this.#askAgainAt = now + PAUSE_MS
      this.fetch().catch(() => {}) // A call that finds none will hear of it.
    }
    return this.#target
  }

  /** Rejects with what the SDK rejects with. */
  async fetch (): Promise<CallTarget> {
    this.#asking ??= this.#ask().finally(() => { this.#asking = undefined })
    return await this.#asking
  }

  /** The service has refused the credentials of this target. */
  refused (target: CallTarget): void {
    if (target !== this.#target) return
    this.#target = undefined
    this.#renew = true
  }

  async #ask (): Promise<CallTarget> {
    const { ask, now, serviceTime } = this.#options
    if (this.#renew && now() >= this.#renewAt) await this.#renewCredentials()
    const target = await ask()
    const expiration = target.identity.expiration?.getTime() ?? Infinity
    this.#target = target
    this.#goodUntil = expiration
    this.#askAgainAt = now() + Math.max(PAUSE_MS, Math.min(LONGEST_AGE_MS, expiration - FETCH_AHEAD_MS - serviceTime()))
    return target
  }

  async #renewCredentials (): Promise<void> {
    const { renewCredentials, now } = this.#options
    this.#renewAt = now() + PAUSE_MS
    this.#renew = false
    try {
      await renewCredentials()
    } catch (error) {
      this.#renew = true
      throw error
    }
  }
}
