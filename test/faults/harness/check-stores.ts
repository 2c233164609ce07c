import { type Report } from '../../../bench/recording-endpoint/report.js'
import { type LedgerEntry } from '../../../src/generator/ledger.js'
import { type Letter } from './letters.js'

export interface StoreOptions {
  readonly queueOf: (client: string) => string
  /** A valid record may be a dead letter `ATTEMPTS_EXHAUSTED`. */
  readonly attemptsMayEnd: boolean
  /** Uids of valid records that must be dead letters `REFUSED`, with a row or without. */
  readonly refused?: ReadonlySet<string>
  /** Records whose production failed, and which are in the topic or not, but in no ledger. */
  readonly unknownOutcomes: number
}

export interface StoreCheck {
  readonly lost: readonly string[]
  readonly dropped: readonly string[]
  readonly phantoms: readonly string[]
  /** Valid records in the dead letters. */
  readonly exhausted: number
  /** Distinct messages of the ledger that are in their queue. */
  readonly messages: number
}

/** Rows, messages and dead letters against the ledger, both ways. */
export function checkStores (entries: readonly LedgerEntry[], report: Pick<Report, 'rows' | 'bodies'>, letters: ReadonlyMap<string, Letter>, options: StoreOptions): StoreCheck {
  const check = new Check(report, letters, options)
  for (const entry of entries) {
    if (entry.expected === 'valid') check.valid(entry)
    else check.invalid(entry)
  }
  check.finish()
  return check
}

class Check implements StoreCheck {
  readonly lost: string[] = []
  readonly dropped: string[] = []
  readonly phantoms: string[] = []
  exhausted = 0
  messages = 0
  readonly #rows: NonNullable<Report['rows']>
  readonly #letters: ReadonlyMap<string, Letter>
  readonly #options: StoreOptions
  /** Digest of the accepted text, by queue and uid. */
  readonly #bodies: ReadonlyMap<string, string>
  /** By queue and uid, the digests of the texts that were produced. */
  readonly #wanted = new Map<string, Set<string>>()
  /** By uid, then partition: the newest. */
  readonly #newest = new Map<string, Map<number, number>>()
  readonly #lettersOfEntries = new Set<string>()

  constructor ({ rows = {}, bodies = {} }: Pick<Report, 'rows' | 'bodies'>, letters: ReadonlyMap<string, Letter>, options: StoreOptions) {
    this.#rows = rows
    this.#letters = letters
    this.#options = options
    this.#bodies = new Map(Object.entries(bodies).flatMap(([queue, ofQueue]) =>
      Object.entries(ofQueue).map(([uid, digest]) => [`${queue} ${uid}`, digest] as const)))
  }

  valid (entry: LedgerEntry): void {
    const { uid = '', client = '', sha256, place } = entry
    if (!('offset' in place)) return
    const message = `${this.#options.queueOf(client)} ${uid}`
    this.#addWanted(message, sha256)
    const newest = this.#newest.get(uid) ?? new Map<number, number>()
    newest.set(place.partition, Math.max(place.offset, newest.get(place.partition) ?? -1))
    this.#newest.set(uid, newest)
    const letter = this.#letterOf(entry)
    if (this.#options.refused?.has(uid) === true) {
      if (letter?.reason !== 'REFUSED') this.dropped.push(`dead letter ${letter?.reason ?? 'none'} instead of REFUSED: ${describe(entry)}`)
      if (this.#bodies.has(message)) this.phantoms.push(`a message of a refused record: ${describe(entry)}`)
      return
    }
    if (letter !== undefined) {
      this.exhausted++
      if (letter.reason !== 'ATTEMPTS_EXHAUSTED' || !this.#options.attemptsMayEnd) this.dropped.push(`dead letter ${letter.reason} of a valid record: ${describe(entry)}`)
      return
    }
    if (this.#rows[uid] === undefined) this.lost.push(`no row of ${describe(entry)}`)
    if (!this.#bodies.has(message)) this.lost.push(`no message of ${describe(entry)}`)
  }

  invalid (entry: LedgerEntry): void {
    const letter = this.#letterOf(entry)
    if (letter === undefined) this.dropped.push(`no dead letter of ${describe(entry)}`)
    else if (letter.reason !== entry.expected) this.dropped.push(`dead letter ${letter.reason} instead of ${entry.expected}: ${describe(entry)}`)
    else if (letter.digest !== entry.sha256) this.phantoms.push(`a dead letter with other bytes: ${describe(entry)}`)
  }

  /** What is there and should not be. Each record of unknown outcome may have left a row and a message, or a dead letter. */
  finish (): void {
    const strangers: string[] = []
    for (const [uid, row] of Object.entries(this.#rows)) {
      const newest = this.#newest.get(uid)
      if (newest === undefined) strangers.push(`a row that no valid record stands for: ${uid}`)
      else if (newest.get(row.partition) !== row.offset) this.phantoms.push(`the row ${uid} is of partition ${row.partition}, offset ${row.offset}, which is not the newest`)
    }
    for (const [message, digest] of this.#bodies) {
      const wanted = this.#wanted.get(message)
      if (wanted === undefined) {
        strangers.push(`a message that no valid record stands for: ${message}`)
        continue
      }
      this.messages += wanted.size
      if (!wanted.has(digest)) this.phantoms.push(`a message with another text: ${message}`)
    }
    for (const place of this.#letters.keys()) if (!this.#lettersOfEntries.has(place)) strangers.push(`a dead letter of a record that is in no ledger: ${place}`)
    if (strangers.length > 2 * this.#options.unknownOutcomes) this.phantoms.push(...strangers)
  }

  #addWanted (message: string, digest: string): void {
    const wanted = this.#wanted.get(message)
    if (wanted === undefined) this.#wanted.set(message, new Set([digest]))
    else wanted.add(digest)
  }

  #letterOf (entry: LedgerEntry): Letter | undefined {
    const place = placeOf(entry)
    const letter = this.#letters.get(place)
    if (letter !== undefined) this.#lettersOfEntries.add(place)
    return letter
  }
}

function placeOf ({ place }: LedgerEntry): string {
  return 'offset' in place ? `${place.partition}:${place.offset}` : ''
}

function describe (entry: LedgerEntry): string {
  return `record ${entry.index} (uid ${entry.uid ?? 'none'}, ${entry.kind}) at ${placeOf(entry)}`
}
