import { type Poison } from './outcome.js'
import { type SourceRecord } from './record.js'

/**
 * The first step of every road: looks at the bytes of a chunk and says of each record, in order, what the pipeline
 * needs to know of it, or why it can never pass. Pure CPU work; it may run in a pool, so chunks may end out of order.
 * A rejection means that nothing can be examined at present (the pool does not start, say): the engine tries again.
 */
export interface Examiner<T> {
  examine (chunk: readonly SourceRecord[]): Promise<ReadonlyArray<Verdict<T>>>
  /** The record stays for long: its payload lets go of what it shares with other records. Called again and again. */
  detach? (payload: T): void
  close (): Promise<void>
}

export type Verdict<T> = { readonly class: 'valid', readonly payload: T } | Poison
