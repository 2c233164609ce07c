import { type BaseEntry } from '../generator/ledger.js'
import { type SourceRecord } from '../engine/record.js'
import { headersDigest, keyDigest, sha256 } from './digest.js'
import { type Differences } from './differences.js'

/** A record of the ledger where it stands in the topic. Holds digests, never bytes: about half a kilobyte each. */
export interface Produced<E extends BaseEntry> {
  readonly entry: E
  readonly partition: number
  readonly offset: number
  /** As Kafka tells it. */
  readonly timestampMs: number
  readonly isTombstone: boolean
  readonly keyDigest: string
  readonly headersDigest: string
}

/** What a proof wants to know of a record beyond that, told from its bytes. */
export type Expect<E extends BaseEntry, X> = (entry: E, record: SourceRecord) => X

/**
 * Finds each record of the topic in the ledger: by partition and offset where the producer was told them, by its bytes
 * where it was not, and where it wrote lines of a file. The ledger is the truth; the topic adds where its records stand and what they say.
 */
export class LedgerMatch<E extends BaseEntry, X> {
  readonly produced: Array<Produced<E> & X> = []
  repeats = 0
  readonly #differences: Differences
  readonly #byPlace = new Map<string, E>()
  /** Entries of the same bytes are the same to everybody: any of them will do. */
  readonly #byBytes = new Map<string, E[]>()
  readonly #matched = new Map<string, E>()
  readonly #mayRepeat: boolean
  readonly #expect: Expect<E, X>

  constructor (entries: Iterable<E>, differences: Differences, mayRepeat: boolean, expect: Expect<E, X>) {
    this.#differences = differences
    this.#mayRepeat = mayRepeat
    this.#expect = expect
    for (const entry of entries) {
      if ('offset' in entry.place) {
        this.#byPlace.set(placeKey(entry.place.partition, entry.place.offset), entry)
        continue
      }
      const same = this.#byBytes.get(entry.sha256)
      if (same === undefined) this.#byBytes.set(entry.sha256, [entry])
      else same.push(entry)
    }
  }

  see (record: SourceRecord): void {
    const digest = sha256(record.value)
    const entry = this.#takeByPlace(record, digest) ?? this.#takeByBytes(record, digest)
    if (entry !== undefined) this.produced.push({ ...toProduced(entry, record), ...this.#expect(entry, record) })
  }

  /** Reports what the ledger has and the topic has not. */
  finish (): void {
    for (const entries of [this.#byPlace.values(), ...this.#byBytes.values()]) {
      for (const entry of entries) this.#differences.add('not-in-topic', describeEntry(entry))
    }
  }

  #takeByPlace ({ partition, offset }: SourceRecord, digest: string): E | undefined {
    const key = placeKey(partition, offset)
    const entry = this.#byPlace.get(key)
    if (entry?.sha256 !== digest) return undefined
    this.#byPlace.delete(key)
    return entry
  }

  #takeByBytes ({ partition, offset }: SourceRecord, digest: string): E | undefined {
    const entry = this.#byBytes.get(digest)?.shift()
    if (entry !== undefined) {
      this.#matched.set(digest, entry)
      return entry
    }
    const earlier = this.#matched.get(digest)
    if (earlier === undefined) {
      this.#differences.add('topic-phantom', `partition ${partition}, offset ${offset}, sha256 ${digest}`)
    } else {
      this.repeats++ // Kafka Connect may send lines again after a crash: they then count as produced twice.
      if (!this.#mayRepeat) this.#differences.add('topic-repeat', `partition ${partition}, offset ${offset}: ${describeEntry(earlier)}`)
    }
    return earlier
  }
}

/** For people: enough to find the record again. */
export function describeRecord ({ entry, partition, offset }: Pick<Produced<BaseEntry>, 'entry' | 'partition' | 'offset'>): string {
  return `${describeEntry(entry)} at partition ${partition}, offset ${offset}`
}

export function placeKey (partition: number, offset: number): string {
  return `${partition}:${offset}`
}

function describeEntry (entry: BaseEntry & { readonly uid?: string | undefined }): string {
  return `record ${entry.index} (${entry.kind}${'uid' in entry ? `, uid ${entry.uid ?? 'unknown'}` : ''})`
}

function toProduced<E extends BaseEntry> (entry: E, { partition, offset, timestamp, key, value, headers }: SourceRecord): Produced<E> {
  return {
    entry, partition, offset, timestampMs: timestamp, isTombstone: value === null, keyDigest: keyDigest(key), headersDigest: headersDigest(headers)
  }
}
