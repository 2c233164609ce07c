import { ofExpected, type ProofRow, ProofRows, repeats } from '../proof-rows.js'
import { type RoutingProof } from './prove-routing.js'

/** The proof of the routing pipeline, a line per promise. */
export function routingProofRows ({ produced, destinations, order, deadLetters, offsets, differences }: RoutingProof): readonly ProofRow[] {
  const lines = new ProofRows(differences)
  const wrongTopics = lines.has('output-missing', 'output-wrong-topic', 'output-repeat', 'output-phantom')
  const wrongMessages = lines.has('output-fields', 'output-key', 'output-headers', 'output-partition')
  lines.produced(produced, produced.fanOut === 0 ? '' : `; ${produced.fanOut} for several destinations`)
  for (const [name, counts] of destinations) {
    lines.add(wrongTopics && counts.found - counts.repeats !== counts.expected, `messages for ${name}`, `${ofExpected(counts)}${repeats(counts.repeats)}`)
  }
  lines.add(wrongTopics, 'every message in its topic alone', wrongTopics ? 'no' : 'yes')
  lines.add(wrongMessages, 'fields, key, headers and partition', wrongMessages ? 'not as they must be' : 'as they must be')
  lines.add(lines.has('output-inverted'), 'order', `${order.inversions} inversions in ${order.lanes} pairs of key and destination`)
  lines.deadLetters(deadLetters)
  lines.offsets(offsets)
  return lines.rows
}
