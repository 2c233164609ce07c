import { type ProofRow, ProofRows } from '../proof-rows.js'
import { type DeliveryProof } from './prove-delivery.js'

/** The proof of the delivery pipeline, a line per promise. */
export function deliveryProofRows ({ accepted, inTopic, destinations, differences }: DeliveryProof): readonly ProofRow[] {
  const lines = new ProofRows(differences)
  const isAbout = (name: string): boolean => differences.some(({ kind, examples }) =>
    (kind.startsWith('delivery') || kind.startsWith('letter')) && examples.some(example => example.startsWith(`${name}: `)))
  lines.add(lines.has('not-in-topic', 'topic-phantom', 'topic-repeat'), 'accepted with 202', `${accepted}, in the topic ${inTopic}`)
  for (const { destination, delivered, undelivered, requests, deadLetters } of destinations) {
    lines.add(isAbout(destination), destination, `${delivered} delivered, ${undelivered} not, ${deadLetters} dead letters, ${requests} requests`)
  }
  lines.add(lines.has('delivery-inverted'), 'order per user', lines.has('delivery-inverted') ? 'broken' : 'kept, through every retry')
  lines.add(lines.has('delivery-signature'), 'signatures', lines.has('delivery-signature') ? 'wrong' : 'all valid')
  const atEnd = destinations.reduce((sum, { offsets }) => sum + offsets.atEnd, 0)
  const partitions = destinations.reduce((sum, { offsets }) => sum + offsets.partitions, 0)
  lines.offsets({ atEnd, partitions })
  return lines.rows
}
