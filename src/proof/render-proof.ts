import { type Difference, DIFFERENCES } from './differences.js'
import { type Proof } from './prove-events.js'

export type ProofRow = readonly [mark: '✓' | '✗', what: string, value: string]

/** A line per promise: whether it holds, and the figures. */
export function proofRows (proof: Proof): ProofRow[] {
  const { produced, rows, messages, deadLetters, offsets, order, retryQueueMessages } = proof
  const has = (...kinds: Array<Difference['kind']>): boolean => proof.differences.some(({ kind }) => kinds.includes(kind))
  const row = (wrong: boolean, what: string, value: string): ProofRow => [wrong ? '✗' : '✓', what, value]
  const wrongQueues = has('message-missing', 'message-wrong-queue', 'message-repeat', 'message-phantom')
  return [
    row(has('not-in-topic', 'topic-phantom', 'topic-repeat'), 'produced', `${produced.records} = ${produced.valid} valid + ${produced.invalid} invalid`),
    row(has('row-missing', 'row-wrong', 'row-repeat', 'row-phantom'), 'rows in the table', ofExpected(rows)),
    ...[...messages].map(([client, counts]) =>
      row(wrongQueues && counts.found - counts.repeats !== counts.expected, `messages of ${client}`, `${ofExpected(counts)}${repeats(counts.repeats)}`)),
    row(wrongQueues, 'every body in its queue alone', wrongQueues ? 'no' : 'yes'),
    row(has('order-inverted'), 'order', `${order.inversions} inversions in ${order.lanes} pairs of client and partition`),
    row(has('letter-missing', 'letter-repeat', 'letter-phantom', 'letter-bytes', 'letter-key', 'letter-headers', 'letter-reason'),
      'dead letters', `${ofExpected(deadLetters)}${repeats(deadLetters.repeats)}`),
    ...[...deadLetters.byReason].map(([reason, counts]) => row(counts.expected !== counts.found, `  ${reason}`, ofExpected(counts))),
    row(has('retry-left'), 'left in the retry queue', String(retryQueueMessages)),
    row(has('offset-behind'), 'offsets committed to the end', `${offsets.atEnd} of ${offsets.partitions} partitions`)
  ]
}

/** What does not agree: kind, count, and the first few of each. Empty when everything agrees. */
export function renderDifferences (differences: readonly Difference[]): string {
  return differences.map(({ kind, count, examples }) => {
    const more = count > examples.length ? [`    … and ${count - examples.length} more`] : []
    return [`  ${count} × ${DIFFERENCES[kind]}`, ...examples.map(example => `    ${example}`), ...more].join('\n') + '\n'
  }).join('')
}

function ofExpected ({ expected, found }: { readonly expected: number, readonly found: number }): string {
  return found === expected ? String(found) : `${found}, expected ${expected}`
}

function repeats (count: number): string {
  return count === 0 ? '' : ` (${count} repeats)`
}
