import { DEAD_LETTER_HEADERS } from '../connectors/kafka/dead-letter-stage.js'
import { type SourceRecord } from '../engine/record.js'
import { type BaseEntry } from '../generator/ledger.js'
import { headersDigest, keyDigest, sha256 } from './digest.js'
import { type Differences } from './differences.js'
import { describeRecord, placeKey, type Produced } from './produced.js'

const OWN_HEADERS: ReadonlySet<string> = new Set(Object.values(DEAD_LETTER_HEADERS))

export interface ReasonCounts {
  expected: number
  found: number
}

/** Every invalid record has exactly one dead letter: original bytes, key and headers, the expected reason, its origin. */
export class DeadLetterCheck {
  /** Without repeats. */
  found = 0
  repeats = 0
  readonly byReason = new Map<string, ReasonCounts>()
  readonly #differences: Differences
  readonly #mayRepeat: boolean
  readonly #topic: string
  readonly #invalid = new Map<string, Produced<BaseEntry>>()
  readonly #seen = new Set<string>()

  /** `topic`: where the records came from. */
  constructor (produced: Iterable<Produced<BaseEntry>>, topic: string, differences: Differences, mayRepeat: boolean) {
    this.#topic = topic
    this.#differences = differences
    this.#mayRepeat = mayRepeat
    for (const record of produced) {
      if (record.entry.expected === 'valid') continue
      this.#invalid.set(placeKey(record.partition, record.offset), record)
      this.#countsOf(record.entry.expected).expected++
    }
  }

  get expected (): number {
    return this.#invalid.size
  }

  see (letter: SourceRecord): void {
    const own = readHeaders(letter)
    const reason = own[DEAD_LETTER_HEADERS.reason] ?? 'none'
    const origin = placeKey(Number(own[DEAD_LETTER_HEADERS.partition] ?? NaN), Number(own[DEAD_LETTER_HEADERS.offset] ?? NaN))
    const record = own[DEAD_LETTER_HEADERS.topic] === this.#topic ? this.#invalid.get(origin) : undefined
    if (record !== undefined && this.#seen.has(origin)) {
      this.repeats++
      if (!this.#mayRepeat) this.#differences.add('letter-repeat', describeRecord(record))
      return this.#compare(letter, own, reason, record)
    }
    this.found++
    this.#countsOf(reason).found++
    if (record === undefined) {
      return this.#differences.add('letter-phantom', `partition ${letter.partition}, offset ${letter.offset}: ${reason}, from ${own[DEAD_LETTER_HEADERS.topic]} ${origin}`)
    }
    this.#seen.add(origin)
    this.#compare(letter, own, reason, record)
  }

  finish (): void {
    for (const [origin, record] of this.#invalid) {
      if (!this.#seen.has(origin)) this.#differences.add('letter-missing', `${describeRecord(record)}, expected ${record.entry.expected}`)
    }
  }

  #compare (letter: SourceRecord, own: Readonly<Record<string, string>>, reason: string, record: Produced<BaseEntry>): void {
    const what = describeRecord(record)
    if (reason !== record.entry.expected) this.#differences.add('letter-reason', `${what}: ${reason} instead of ${record.entry.expected}`)
    const isTruncated = own[DEAD_LETTER_HEADERS.truncated] !== undefined
    const digest = isTruncated ? own[DEAD_LETTER_HEADERS.originalSha256] : sha256(letter.value)
    if (digest !== record.entry.sha256 || (letter.value === null) !== record.isTombstone) this.#differences.add('letter-bytes', what)
    if (isTruncated) return // then key and headers may be missing
    if (keyDigest(letter.key) !== record.keyDigest) this.#differences.add('letter-key', what)
    if (headersDigest(letter.headers.filter(([name]) => !OWN_HEADERS.has(name))) !== record.headersDigest) this.#differences.add('letter-headers', what)
  }

  #countsOf (reason: string): ReasonCounts {
    let counts = this.byReason.get(reason)
    if (counts === undefined) this.byReason.set(reason, counts = { expected: 0, found: 0 })
    return counts
  }
}

/** Ours stand behind the record's own, so the last of a name is ours. */
function readHeaders ({ headers }: SourceRecord): Record<string, string> {
  return Object.fromEntries(headers.filter(([name]) => OWN_HEADERS.has(name)).map(([name, value]) => [name, (value ?? '').toString()]))
}
