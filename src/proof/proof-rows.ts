import { type ReasonCounts } from './check-dead-letters.js'
import { type OffsetReport } from './check-offsets.js'
import { type Difference, DIFFERENCES } from './differences.js'

export type ProofRow = readonly [mark: '✓' | '✗', what: string, value: string]

export interface Counts {
  readonly expected: number
  readonly found: number
}

/** A line per promise: whether it holds, and the figures. */
export class ProofRows {
  readonly rows: ProofRow[] = []
  readonly #differences: readonly Difference[]

  constructor (differences: readonly Difference[]) {
    this.#differences = differences
  }

  has (...kinds: Array<Difference['kind']>): boolean {
    return this.#differences.some(({ kind }) => kinds.includes(kind))
  }

  add (wrong: boolean, what: string, value: string): void {
    this.rows.push([wrong ? '✗' : '✓', what, value])
  }

  produced ({ records, valid, invalid }: { readonly records: number, readonly valid: number, readonly invalid: number }, more = ''): void {
    this.add(this.has('not-in-topic', 'topic-phantom', 'topic-repeat'), 'produced', `${records} = ${valid} valid + ${invalid} invalid${more}`)
  }

  deadLetters (letters: Counts & { readonly repeats: number, readonly byReason: ReadonlyMap<string, Readonly<ReasonCounts>> }): void {
    this.add(this.has('letter-missing', 'letter-repeat', 'letter-phantom', 'letter-bytes', 'letter-key', 'letter-headers', 'letter-reason'),
      'dead letters', `${ofExpected(letters)}${repeats(letters.repeats)}`)
    for (const [reason, counts] of letters.byReason) this.add(counts.expected !== counts.found, `  ${reason}`, ofExpected(counts))
  }

  offsets ({ atEnd, partitions }: OffsetReport): void {
    this.add(this.has('offset-behind'), 'offsets committed to the end', `${atEnd} of ${partitions} partitions`)
  }
}

/** What does not agree: kind, count, and the first few of each. Empty when everything agrees. */
export function renderDifferences (differences: readonly Difference[]): string {
  return differences.map(({ kind, count, examples }) => {
    const more = count > examples.length ? [`    … and ${count - examples.length} more`] : []
    return [`  ${count} × ${DIFFERENCES[kind]}`, ...examples.map(example => `    ${example}`), ...more].join('\n') + '\n'
  }).join('')
}

export function ofExpected ({ expected, found }: Counts): string {
  return found === expected ? String(found) : `${found}, expected ${expected}`
}

export function repeats (count: number): string {
  return count === 0 ? '' : ` (${count} repeats)`
}
