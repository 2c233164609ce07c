import { DEAD_LETTER_HEADERS } from '../../../src/connectors/kafka/dead-letter-stage.js'
import { type SourceRecord } from '../../../src/engine/record.js'
import { sha256 } from '../../../src/proof/digest.js'

/** What a dead-letter topic holds for one record. */
export interface Letter {
  readonly reason: string
  /** Of the record's value, in hex. */
  readonly digest: string
  /** ms since 1970 at which it was handed to its producer, or appended where the topic says so. */
  readonly at: number
  copies: number
}

/** By the place of its record. */
export function collectLetters (records: Iterable<SourceRecord>): Map<string, Letter> {
  const letters = new Map<string, Letter>()
  for (const { headers, value, timestamp } of records) {
    const own = Object.fromEntries(headers.map(([name, text]) => [name, String(text)]))
    const place = `${own[DEAD_LETTER_HEADERS.partition]}:${own[DEAD_LETTER_HEADERS.offset]}`
    const known = letters.get(place)
    if (known !== undefined) known.copies++
    else letters.set(place, { reason: own[DEAD_LETTER_HEADERS.reason] ?? '', digest: own[DEAD_LETTER_HEADERS.originalSha256] ?? sha256(value), at: timestamp, copies: 1 })
  }
  return letters
}

export function countLetters (letters: ReadonlyMap<string, Letter>): number {
  return [...letters.values()].reduce((sum, { copies }) => sum + copies, 0)
}

/** `said`: by the services' metric. */
export function checkLetterCount (letters: ReadonlyMap<string, Letter>, said: number): string[] {
  const found = countLetters(letters)
  return said === found ? [] : [`the metric says ${said}, the topic holds ${found}`]
}
