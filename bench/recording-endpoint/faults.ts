import { ArmedFault } from './armed-fault.js'

/**
 * What the endpoint does wrong on purpose. What concerns a whole call comes in this order: `delayMs`, `hang` or `reset`
 * before, the refusal or the effect, `answerDelayMs`, `hang` or `reset` after, `truncateBody`, `slowBody`. It counts, and
 * where it throws dice they are seeded.
 */
export interface Fault {
  /** Names it in `hits`; what it does when absent. */
  readonly name?: string
  /** BatchWriteItem, PutItem, SendMessageBatch, … */
  readonly operation: string
  /** Only for this queue, by name. */
  readonly queue?: string
  /** Only each nth call; every call when absent. */
  readonly every?: number
  /** Of those calls only this share, 0 to 1, by the seed. */
  readonly share?: number
  /** How many calls it happens to; without end when absent. */
  readonly calls?: number
  /** Before the effect. */
  readonly delayMs?: number
  /** After the effect, before the answer. */
  readonly answerDelayMs?: number
  /** The call is refused with this status and error name, and nothing is done. */
  readonly status?: number
  readonly error?: string
  /** Stands as `Retry-After` beside the refusal. */
  readonly retryAfterSeconds?: number
  /** The call is never answered: nothing is done (`before`, `true`), or everything is (`after`). */
  readonly hang?: boolean | 'before' | 'after'
  /** The connection is reset `before` anything is done, or `after` everything is: written, answer lost. */
  readonly reset?: 'before' | 'after'
  /** The answer's head comes at once, its body in parts of so many bytes with a pause before each. */
  readonly slowBody?: { readonly bytes: number, readonly everyMs: number }
  /** Everything is done; half of the answer's body comes, then the connection ends. */
  readonly truncateBody?: boolean
  /** Entries that fail: unprocessed items of a table, failed entries of a queue. The others of the call are taken. */
  readonly fail?: FailedEntries
  /** The whole call is refused, as for bad contents, when it holds an event of one of these uids. */
  readonly refuseCallWith?: readonly string[]
}

export interface FailedEntries {
  /** Only entries of these uids; of all when absent. */
  readonly uids?: readonly string[]
  /** Of every `of` such entries the first `count`, over all calls. Every one when both and `share` are absent. */
  readonly count?: number
  readonly of?: number
  /** This share of them, 0 to 1, by the seed. */
  readonly share?: number
  /** Of a queue's failed entry; `InternalError` when absent. */
  readonly code?: string
  readonly senderFault?: boolean
}

/** How often a fault happened. */
export interface FaultHits {
  readonly name: string
  readonly operation: string
  /** Calls it met; for one that depends on what a call holds, calls that it refused or failed an entry of. */
  readonly hits: number
  /** Entries that it failed. */
  readonly entries: number
  /** Entries of the calls that it met. */
  readonly carried: number
}

/** What happens to one call. */
export interface CallFaults {
  readonly delayMs: number
  readonly answerDelayMs: number
  readonly hang: 'before' | 'after' | undefined
  readonly reset: 'before' | 'after' | undefined
  readonly refusal: Fault | undefined
  readonly slowBody: Fault['slowBody']
  readonly truncateBody: boolean
  /** Anything but failing entries. */
  readonly wholeCall: boolean
  /** The fault that refuses a call with these uids. */
  refusesCallWith (uids: () => ReadonlyArray<string | undefined>): Fault | undefined
  /** Asked once for each entry of the call, in order. */
  failEntry (uid: () => string | undefined): FailedEntries | undefined
}

/** The faults in force and how far each has come. */
export class Faults {
  #seed = 1
  #armed: readonly ArmedFault[] = []
  #ever: ArmedFault[] = []

  /** Replaces the faults in force. */
  arm (faults: readonly Fault[]): void {
    this.#armed = faults.map((fault, index) => new ArmedFault(fault, this.#seed, this.#ever.length + index))
    this.#ever.push(...this.#armed)
  }

  /** Of the faults armed from now on. */
  seed (seed: number): void {
    this.#seed = seed
  }

  get none (): boolean {
    return this.#armed.length === 0
  }

  /** Of every fault that was ever in force, in the order they were armed. */
  hits (): FaultHits[] {
    return this.#ever.map(armed => armed.hits)
  }

  /** Of those that are no longer in force; the others go on counting. */
  forgetHits (): void {
    this.#ever = [...this.#armed]
  }

  /** What happens to this call, of so many entries. Each fault that applies counts it. */
  of (operation: string, queue?: string, entries = 0): CallFaults {
    const met = this.#armed.filter(armed => armed.meets(operation, queue))
    const counted = new Set<ArmedFault>()
    const happened = (armed: ArmedFault | undefined): Fault | undefined => {
      if (armed === undefined) return undefined
      if (!counted.has(armed)) armed.happened(entries)
      counted.add(armed)
      return armed.fault
    }
    for (const armed of met) if (armed.wholeCall) happened(armed)
    return {
      ...wholeCallOf(met.map(armed => armed.fault)),
      wholeCall: met.some(armed => armed.wholeCall || armed.fault.refuseCallWith !== undefined),
      refusesCallWith: uids => happened(met.find(armed => armed.refusesCallWith(uids))),
      failEntry: uid => happened(met.find(armed => armed.failsEntry(uid)))?.fail
    }
  }
}

function wholeCallOf (faults: readonly Fault[]) {
  const longest = (field: 'delayMs' | 'answerDelayMs'): number => Math.max(0, ...faults.map(fault => fault[field] ?? 0))
  const hang = faults.find(fault => fault.hang !== undefined && fault.hang !== false)?.hang
  return {
    delayMs: longest('delayMs'),
    answerDelayMs: longest('answerDelayMs'),
    hang: hang === true ? 'before' : hang === false ? undefined : hang,
    reset: faults.find(fault => fault.reset !== undefined)?.reset,
    refusal: faults.find(fault => fault.status !== undefined),
    slowBody: faults.find(fault => fault.slowBody !== undefined)?.slowBody,
    truncateBody: faults.some(fault => fault.truncateBody === true)
  } as const
}
