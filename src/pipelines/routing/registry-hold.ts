import { type RegistryError } from '../../connectors/schema-registry/registry-error.js'
import { type Clock, type Timer } from '../../engine/clock.js'
import { type Incidents } from '../../engine/observer.js'
import { type FailureCode } from '../../errors.js'

/** As stages are named in metrics and logs. */
const NAME = 'schema-registry'

export interface RegistryHoldOptions {
  readonly clock: Clock
  readonly incidents: Pick<Incidents, 'held' | 'resumed'>
  /** Longest time from one failure to the next while something waits for an answer. */
  readonly quietMs: number
}

/**
 * Whether records wait for the schema registry. It is said once when that begins, and once when it ends: with an answer,
 * or when nobody asks any more because those that did were given back to their partitions.
 */
export class RegistryHold {
  readonly #options: RegistryHoldOptions
  #held: { readonly since: number, code: FailureCode, quiet: Timer } | undefined
  #problem: string | undefined

  constructor (options: RegistryHoldOptions) {
    this.#options = options
  }

  /** For readiness. */
  get problem (): string | undefined {
    return this.#problem
  }

  failed ({ code, message }: RegistryError): void {
    const { clock, incidents, quietMs } = this.#options
    const quiet = clock.setTimer(() => { this.answered() }, quietMs)
    // Each id has its own words for the same trouble: the first will do, or a log would fill with them.
    if (this.#held?.code !== code) this.#problem = `records wait for the schema registry: ${message}`
    if (this.#held === undefined) {
      this.#held = { since: clock.now(), code, quiet }
      incidents.held(NAME, undefined, code, message)
    } else {
      this.#held.quiet.clear()
      this.#held.quiet = quiet
      this.#held.code = code
    }
  }

  answered (): void {
    if (this.#held === undefined) return
    const { since, quiet } = this.#held
    quiet.clear()
    this.#held = undefined
    this.#problem = undefined
    this.#options.incidents.resumed(NAME, undefined, this.#options.clock.now() - since)
  }

  close (): void {
    this.#held?.quiet.clear()
  }
}
