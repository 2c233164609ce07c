import { KafkaAdmin } from '../../connectors/kafka/admin.js'
import { type KafkaSettings } from '../../connectors/kafka/client-config.js'
import { readEntries, type RoutingEntry } from '../../generator/ledger.js'
import { DeadLetterCheck, type ReasonCounts } from '../check-dead-letters.js'
import { checkOffsets, type OffsetReport } from '../check-offsets.js'
import { type Difference, Differences } from '../differences.js'
import { LedgerMatch } from '../produced.js'
import { readEnds } from '../read-ends.js'
import { readTopic } from '../read-topic.js'
import { readSubjects } from './avro-reader.js'
import { type DestinationCounts, type KeyOrder, OutputCheck, type OutputTopic, type Tolerance } from './check-outputs.js'
import { expectMessages, type ExpectedMessages, type ProducedRoute } from './expected-message.js'

export interface RoutingProofOptions {
  /** Written by the producer, never by the service. */
  readonly ledger: string
  readonly kafka: KafkaSettings
  readonly topic: string
  readonly deadLetterTopic: string
  readonly groupId: string
  readonly processorId: string
  readonly destinations: ReadonlyArray<{ readonly name: string, readonly outputTopic: string, readonly outputSubject: string }>
  /** Without credentials: those of a local stack. */
  readonly registryUrl: string
  /** Of what producers write. */
  readonly inputSubject: string
  /** What is no fault: repeats after a hard kill, inversions where records of a key were retried. Default: both are. */
  readonly tolerate?: Partial<Tolerance>
}

export interface RoutingProof {
  readonly agrees: boolean
  readonly produced: { readonly records: number, readonly valid: number, readonly invalid: number, readonly fanOut: number }
  /** By the configured name. */
  readonly destinations: ReadonlyMap<string, Readonly<DestinationCounts>>
  readonly deadLetters: { readonly expected: number, readonly found: number, readonly repeats: number, readonly byReason: ReadonlyMap<string, Readonly<ReasonCounts>> }
  readonly offsets: OffsetReport
  readonly order: KeyOrder
  readonly differences: readonly Difference[]
  /** From the Kafka timestamp of each chosen record to that of its message, in ms, unordered. */
  latenciesMs (which?: (record: ProducedRoute) => boolean): number[]
}

const TIMEOUT_MS = 10_000

/**
 * Reads every topic to its end and compares it with the producer's ledger. Call it when the service has nothing left to
 * do: what is still on its way counts as missing. Memory grows with the ledger, by about a kilobyte a record.
 */
export async function proveRouting (options: RoutingProofOptions): Promise<RoutingProof> {
  const { kafka, topic, tolerate = {} } = options
  const mayRepeat = tolerate.repeats === true
  const differences = new Differences()
  const entries = await readEntries<RoutingEntry>(options.ledger)
  const schemas = await readSubjects(options.registryUrl, [options.inputSubject, ...options.destinations.map(({ outputSubject }) => outputSubject)])
  const match = new LedgerMatch<RoutingEntry, ExpectedMessages>(entries, differences, mayRepeat,
    (entry, record) => expectMessages(entry, record, schemas, options.processorId))
  await readTopic(kafka, topic, record => { match.see(record) })
  match.finish()

  const outputs = await describeOutputs(options)
  const messages = new OutputCheck(match.produced, topic, outputs, schemas, differences, { repeats: mayRepeat, inversions: tolerate.inversions === true, clockErrorMs: tolerate.clockErrorMs })
  const letters = new DeadLetterCheck(match.produced, topic, differences, mayRepeat)
  for (const name of new Set(outputs.map(output => output.topic))) await readTopic(kafka, name, message => { messages.see(message) })
  await readTopic(kafka, options.deadLetterTopic, letter => { letters.see(letter) })
  messages.finish()
  letters.finish()
  const offsets = checkOffsets(await readEnds(kafka, topic, options.groupId), differences)

  const found = differences.list()
  const valid = entries.filter(({ expected }) => expected === 'valid')
  return {
    agrees: found.length === 0,
    produced: {
      records: entries.length,
      valid: valid.length,
      invalid: entries.length - valid.length,
      fanOut: valid.filter(({ destinations }) => destinations.length > 1).length
    },
    destinations: messages.byDestination,
    deadLetters: { expected: letters.expected, found: letters.found, repeats: letters.repeats, byReason: letters.byReason },
    offsets,
    order: messages.order,
    differences: found,
    latenciesMs: which => messages.latenciesMs(which)
  }
}

async function describeOutputs ({ kafka, destinations }: RoutingProofOptions): Promise<OutputTopic[]> {
  const admin = await KafkaAdmin.connect(kafka, TIMEOUT_MS)
  try {
    const topics = await admin.describeTopics(destinations.map(({ outputTopic }) => outputTopic))
    return destinations.map(({ name, outputTopic }, index) => ({ name, topic: outputTopic, partitions: topics[index]?.partitions.length ?? 0 }))
  } finally {
    await admin.close()
  }
}
