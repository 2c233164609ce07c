/** The reason of a check that is red only because the process has just started: no news for a log. */
export const CONNECTING = 'connecting'

/** A condition for being ready, by name. */
export interface Problem {
  readonly check: string
  readonly reason: string
}

/**
 * Ready while no named check is red. Alive until something says that only a restart helps; being merely
 * back-pressured or not ready is no reason to be killed.
 */
export class Health {
  readonly #red = new Map<string, string>()
  readonly #onChange: (check: string, reason: string | undefined) => void
  #dead = false

  /** `onChange` hears each check turn red (with its reason), change its reason, or turn green (`undefined`). */
  constructor (onChange: (check: string, reason: string | undefined) => void = () => {}) {
    this.#onChange = onChange
  }

  red (check: string, reason: string): void {
    if (this.#red.get(check) === reason) return
    this.#red.set(check, reason)
    this.#onChange(check, reason)
  }

  green (check: string): void {
    if (this.#red.delete(check)) this.#onChange(check, undefined)
  }

  get ready (): boolean {
    return this.#red.size === 0
  }

  get problems (): readonly Problem[] {
    return [...this.#red].map(([check, reason]) => ({ check, reason }))
  }

  /** Only a restart helps from here on. */
  dead (reason: string): void {
    this.#dead = true
    this.red('live', reason)
  }

  get live (): boolean {
    return !this.#dead
  }
}
