import { ofExpected, type ProofRow, ProofRows, repeats } from './proof-rows.js'
import { type Proof } from './prove-events.js'

/** The proof of the events pipeline, a line per promise. */
export function proofRows ({ produced, rows, messages, deadLetters, offsets, order, retryQueueMessages, differences }: Proof): readonly ProofRow[] {
  const lines = new ProofRows(differences)
  const wrongQueues = lines.has('message-missing', 'message-wrong-queue', 'message-repeat', 'message-phantom')
  lines.produced(produced)
  lines.add(lines.has('row-missing', 'row-wrong', 'row-repeat', 'row-phantom'), 'rows in the table', ofExpected(rows))
  for (const [client, counts] of messages) {
    lines.add(wrongQueues && counts.found - counts.repeats !== counts.expected, `messages of ${client}`, `${ofExpected(counts)}${repeats(counts.repeats)}`)
  }
  lines.add(wrongQueues, 'every body in its queue alone', wrongQueues ? 'no' : 'yes')
  lines.add(lines.has('order-inverted'), 'order', `${order.inversions} inversions in ${order.lanes} pairs of client and partition`)
  lines.deadLetters(deadLetters)
  lines.add(lines.has('retry-left'), 'left in the retry queue', String(retryQueueMessages))
  lines.offsets(offsets)
  return lines.rows
}
