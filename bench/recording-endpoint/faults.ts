/** What the endpoint does wrong on purpose. Deterministic: it counts, it never throws dice. */
export interface Fault {
  /** BatchWriteItem, PutItem, SendMessageBatch, … */
  readonly operation: string
  /** Only for this queue, by name. */
  readonly queue?: string
  /** Only each nth call; every call when absent. */
  readonly every?: number
  /** How many calls it happens to; without end when absent. */
  readonly calls?: number
  readonly delayMs?: number
  /** The call is refused with this status and error name, and nothing is done. */
  readonly status?: number
  readonly error?: string
  /** The call is never answered, and nothing is done. */
  readonly hang?: boolean
  /** The connection is reset `before` anything is done, or `after` everything is: written, answer lost. */
  readonly reset?: 'before' | 'after'
  /** Of every `of` entries the first `count` fail: unprocessed items of a table, failed entries of a queue. */
  readonly fail?: { readonly count: number, readonly of: number, readonly code?: string, readonly senderFault?: boolean }
}

/** The faults in force and how far each has come. */
export class Faults {
  #armed: Array<{ readonly fault: Fault, seen: number, done: number, entries: number }> = []

  arm (faults: readonly Fault[]): void {
    this.#armed = faults.map(fault => ({ fault, seen: 0, done: 0, entries: 0 }))
  }

  get none (): boolean {
    return this.#armed.length === 0
  }

  /** What happens to this call. Each fault that applies counts it. */
  of (operation: string, queue?: string): CallFaults {
    const met = this.#armed.filter(armed => {
      const { fault } = armed
      if (fault.operation !== operation || (fault.queue !== undefined && fault.queue !== queue)) return false
      if (armed.seen++ % (fault.every ?? 1) !== 0 || armed.done >= (fault.calls ?? Infinity)) return false
      armed.done++
      return true
    })
    const faults = met.map(armed => armed.fault)
    return {
      delayMs: Math.max(0, ...faults.map(fault => fault.delayMs ?? 0)),
      refusal: faults.find(fault => fault.status !== undefined),
      hang: faults.some(fault => fault.hang === true),
      reset: faults.find(fault => fault.reset !== undefined)?.reset,
      failEntry () {
        for (const armed of met) {
          const { fail } = armed.fault
          if (fail !== undefined && armed.entries++ % fail.of < fail.count) return fail
        }
        return undefined
      }
    }
  }
}

export interface CallFaults {
  readonly delayMs: number
  readonly refusal: Fault | undefined
  readonly hang: boolean
  readonly reset: 'before' | 'after' | undefined
  /** Asked once for each entry of the call, in order. */
  failEntry (): Fault['fail']
}
