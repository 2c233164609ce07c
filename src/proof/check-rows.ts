import { type Differences } from './differences.js'
import { type ProducedRecord, rowDigest, type RowAttributes } from './expected-event.js'
import { describeRecord } from './produced.js'

/**
 * Every valid uid has exactly one row, that of its newest event; nothing else has. Newest is the highest offset of a
 * partition; between partitions it is the last that was written, so that the newest of each partition will do.
 */
export class RowCheck {
  found = 0
  readonly #differences: Differences
  /** By uid, then by partition. */
  readonly #newest = new Map<string, Map<number, ProducedRecord>>()
  readonly #seen = new Set<string>()

  constructor (produced: Iterable<ProducedRecord>, differences: Differences) {
    this.#differences = differences
    for (const record of produced) {
      const { uid, expected } = record.entry
      if (expected !== 'valid' || uid === undefined) continue
      let candidates = this.#newest.get(uid)
      if (candidates === undefined) this.#newest.set(uid, candidates = new Map())
      const other = candidates.get(record.partition)
      if (other === undefined || other.offset < record.offset) candidates.set(record.partition, record)
    }
  }

  /** Distinct uids of valid events. */
  get expected (): number {
    return this.#newest.size
  }

  see (row: RowAttributes): void {
    this.found++
    const uid = row.UUID?.S ?? ''
    const candidates = this.#newest.get(uid)
    if (candidates === undefined) return this.#differences.add('row-phantom', `UUID ${uid}`)
    if (this.#seen.has(uid)) return this.#differences.add('row-repeat', `UUID ${uid}`)
    this.#seen.add(uid)
    const digest = rowDigest(row)
    if ([...candidates.values()].some(candidate => candidate.rowDigest === digest)) return
    this.#differences.add('row-wrong', `UUID ${uid}: written by partition ${row.SourcePartition?.N}, offset ${row.SourceOffset?.N}; expected ${[...candidates.values()].map(describeRecord).join(' or ')}`)
  }

  finish (): void {
    for (const [uid, candidates] of this.#newest) {
      const [record] = candidates.values()
      if (!this.#seen.has(uid) && record !== undefined) this.#differences.add('row-missing', describeRecord(record))
    }
  }
}
