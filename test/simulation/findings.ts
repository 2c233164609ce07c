/** A broken promise, with the journal of how it came to be. */
export class Violation extends Error {
  override readonly name = 'Violation'
}

/** What a schedule found: states it reached, promises it saw broken. */
export class Findings {
  /** How often each state and command was reached, over all schedules that share it. */
  readonly reached: Map<string, number>
  readonly violations: string[] = []
  readonly #journal: Array<() => string> = []

  constructor (reached: Map<string, number>) {
    this.reached = reached
  }

  reach (state: string, times = 1): void {
    this.reached.set(state, (this.reached.get(state) ?? 0) + times)
  }

  /** A line of the journal, written out only when something is broken. */
  note (line: () => string): void {
    this.#journal.push(line)
  }

  violate (promise: string): void {
    this.violations.push(promise)
  }

  /** Throws what was found, so that the schedule ends with it. */
  check (): void {
    if (this.violations.length > 0) throw new Violation([...this.violations.slice(0, 5), ...this.#journal.map(line => `  ${line()}`)].join('\n'))
  }
}
