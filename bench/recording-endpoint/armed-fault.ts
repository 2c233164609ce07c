import { Random } from '../../src/generator/random.js'
import { type Fault, type FaultHits } from './faults.js'

/** One fault in force: which calls and entries it has seen, and to how many it happened. */
export class ArmedFault {
  readonly fault: Fault
  readonly #random: Random
  readonly #failing: ReadonlySet<string> | undefined
  readonly #refusing: ReadonlySet<string> | undefined
  #seen = 0
  #calls = 0
  #entriesSeen = 0
  #entries = 0
  #carried = 0

  constructor (fault: Fault, seed: number, index: number) {
    this.fault = fault
    this.#random = new Random(seed, index)
    this.#failing = fault.fail?.uids === undefined ? undefined : new Set(fault.fail.uids)
    this.#refusing = fault.refuseCallWith === undefined ? undefined : new Set(fault.refuseCallWith)
  }

  /** It does something to a call whatever the call holds. */
  get wholeCall (): boolean {
    const { fail, refuseCallWith } = this.fault
    return fail === undefined && refuseCallWith === undefined
  }

  get hits (): FaultHits {
    return { name: this.fault.name ?? describe(this.fault), operation: this.fault.operation, hits: this.#calls, entries: this.#entries, carried: this.#carried }
  }

  meets (operation: string, queue: string | undefined): boolean {
    const { fault } = this
    if (fault.operation !== operation || (fault.queue !== undefined && fault.queue !== queue)) return false
    if (this.#seen++ % (fault.every ?? 1) !== 0 || this.#calls >= (fault.calls ?? Infinity)) return false
    if (fault.share !== undefined && this.#random.fraction() >= fault.share) return false
    return true
  }

  /** It happened to a call of so many entries. Counted once a call, for by its entries it may happen many times. */
  happened (carried: number): void {
    this.#calls++
    this.#carried += carried
  }

  refusesCallWith (uids: () => ReadonlyArray<string | undefined>): boolean {
    const refusing = this.#refusing
    return refusing !== undefined && uids().some(uid => uid !== undefined && refusing.has(uid))
  }

  failsEntry (uid: () => string | undefined): boolean {
    const { fail } = this.fault
    if (fail === undefined) return false
    if (this.#failing !== undefined && !this.#failing.has(uid() ?? '')) return false
    const place = this.#entriesSeen++
    if (fail.of !== undefined && place % fail.of >= (fail.count ?? 1)) return false
    if (fail.share !== undefined && this.#random.fraction() >= fail.share) return false
    this.#entries++
    return true
  }
}

function describe ({ operation, ...rest }: Fault): string {
  return `${operation} ${JSON.stringify(rest)}`
}
