import { type KafkaSettings } from '../../connectors/kafka/client-config.js'
import { type SourceRecord } from '../../engine/record.js'
import { checkOffsets, type OffsetReport } from '../check-offsets.js'
import { type Difference, Differences } from '../differences.js'
import { readEnds } from '../read-ends.js'
import { readTopic } from '../read-topic.js'
import { DeliveryCheck, type DeliveryCounts, type Expectation } from './check-deliveries.js'
import { type RecordedRequest, type SentEvent } from './recorded-request.js'

export interface DestinationToProve extends Expectation {
  readonly groupId: string
  readonly deadLetterTopic: string
  readonly requests: readonly RecordedRequest[]
}

export interface DeliveryProofOptions {
  readonly kafka: KafkaSettings
  readonly topic: string
  readonly events: readonly SentEvent[]
  readonly destinations: readonly DestinationToProve[]
}

export interface DestinationProof extends DeliveryCounts {
  readonly deadLetters: number
  readonly offsets: OffsetReport
}

export interface DeliveryProof {
  readonly agrees: boolean
  readonly accepted: number
  readonly inTopic: number
  readonly destinations: readonly DestinationProof[]
  readonly differences: readonly Difference[]
}

/** Written down here anew, so that a slip in the pipeline's own name is seen. */
const REASON_HEADER = 'penstock-reason'
const EXHAUSTED = 'ATTEMPTS_EXHAUSTED'

/** Compares what was accepted with the topic, and with all that each destination was sent. Call it when nothing is left to do. */
export async function proveDelivery ({ kafka, topic, events, destinations }: DeliveryProofOptions): Promise<DeliveryProof> {
  const differences = new Differences()
  const ids = new Set(events.map(({ id }) => id))
  const inTopic = await checkTopic(kafka, topic, ids, differences)
  const proofs: DestinationProof[] = []
  for (const destination of destinations) {
    const check = new DeliveryCheck(events, destination, differences)
    for (const request of destination.requests) check.see(request)
    const deadLetters = await checkDeadLetters(kafka, destination, check.finish(), differences)
    const offsets = checkOffsets(await readEnds(kafka, topic, destination.groupId), differences)
    proofs.push({ ...check.counts, deadLetters, offsets })
  }
  const found = differences.list()
  return { agrees: found.length === 0, accepted: events.length, inTopic, destinations: proofs, differences: found }
}

/** Exactly what was accepted, each once. */
async function checkTopic (kafka: KafkaSettings, topic: string, ids: ReadonlySet<string>, differences: Differences): Promise<number> {
  const seen = new Set<string>()
  await readTopic(kafka, topic, record => {
    const id = idOf(record)
    if (!ids.has(id)) differences.add('topic-phantom', id)
    else if (seen.has(id)) differences.add('topic-repeat', id)
    seen.add(id)
  })
  for (const id of ids) if (!seen.has(id)) differences.add('not-in-topic', id)
  return seen.size
}

async function checkDeadLetters (kafka: KafkaSettings, { destination, deadLetterTopic }: DestinationToProve, undelivered: ReadonlySet<string>, differences: Differences): Promise<number> {
  const seen = new Set<string>()
  await readTopic(kafka, deadLetterTopic, record => {
    const id = idOf(record)
    const what = `${destination}: ${id}`
    if (!undelivered.has(id)) differences.add('delivery-letter', what)
    else if (seen.has(id)) differences.add('letter-repeat', what)
    const reason = record.headers.find(([name]) => name === REASON_HEADER)?.[1]
    if (String(reason) !== EXHAUSTED) differences.add('letter-reason', `${what}: ${String(reason)}`)
    seen.add(id)
  })
  for (const id of undelivered) if (!seen.has(id)) differences.add('delivery-letter', `${destination}: ${id}`)
  return seen.size
}

function idOf ({ value }: SourceRecord): string {
  try {
    return String((JSON.parse(String(value)) as { id?: unknown }).id)
  } catch {
    return 'not JSON'
  }
}
