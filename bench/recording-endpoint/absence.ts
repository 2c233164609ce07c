import { type Answer, refusal } from './answer.js'
import { type FaultHits } from './faults.js'

type Kind = 'queue' | 'table'

/** Queues and tables that do not exist, and how many calls were made to them. */
export class Absence {
  readonly #missing: Record<Kind, ReadonlySet<string>> = { queue: new Set(), table: new Set() }
  #hits = new Map<string, number>()

  get none (): boolean {
    return this.#missing.queue.size + this.#missing.table.size === 0
  }

  set (kind: Kind, names: readonly string[]): void {
    this.#missing[kind] = new Set(names)
    for (const name of names) this.#hits.set(describe(kind, name), this.#hits.get(describe(kind, name)) ?? 0)
  }

  /** The refusal of a call that is about one of them. */
  meets (queue: string | undefined, tables: readonly string[]): Answer | undefined {
    if (queue !== undefined && this.#missing.queue.has(queue)) {
      this.#count('queue', queue)
      return refusal('QueueDoesNotExist', 'The specified queue does not exist.')
    }
    const table = tables.find(name => this.#missing.table.has(name))
    if (table === undefined) return undefined
    this.#count('table', table)
    return refusal('ResourceNotFoundException', 'Requested resource not found')
  }

  hits (): FaultHits[] {
    return [...this.#hits].map(([name, hits]) => ({ name, operation: 'any', hits, entries: 0, carried: 0 }))
  }

  /** Of those that exist again. */
  forgetHits (): void {
    this.#hits = new Map([...this.#missing.queue].map(name => [describe('queue', name), 0]))
    for (const name of this.#missing.table) this.#hits.set(describe('table', name), 0)
  }

  #count (kind: Kind, name: string): void {
    const what = describe(kind, name)
    this.#hits.set(what, (this.#hits.get(what) ?? 0) + 1)
  }
}

function describe (kind: Kind, name: string): string {
  return `the ${kind} ${name} is missing`
}
