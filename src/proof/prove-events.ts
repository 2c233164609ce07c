import { type DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { type SQSClient } from '@aws-sdk/client-sqs'
import { type KafkaSettings } from '../connectors/kafka/client-config.js'
import { type LedgerEntry, readEntries } from '../generator/ledger.js'
import { DeadLetterCheck, type ReasonCounts } from './check-dead-letters.js'
import { MessageCheck, type OrderReport, type QueueCounts } from './check-messages.js'
import { checkOffsets, type OffsetReport } from './check-offsets.js'
import { RowCheck } from './check-rows.js'
import { type Difference, Differences } from './differences.js'
import { expectEvent, type ProducedRecord } from './expected-event.js'
import { countMessages, drainQueue } from './drain-queue.js'
import { LedgerMatch } from './produced.js'
import { readEnds } from './read-ends.js'
import { readTable } from './read-table.js'
import { readTopic } from './read-topic.js'

export interface ProofOptions {
  /** Written by the producer, never by the service. */
  readonly ledger: string
  readonly kafka: KafkaSettings
  readonly topic: string
  readonly deadLetterTopic: string
  readonly groupId: string
  readonly dynamodb: Pick<DynamoDBClient, 'send'>
  readonly table: string
  readonly sqs: Pick<SQSClient, 'send'>
  /** URLs by client. The queues are empty afterwards. */
  readonly queues: ReadonlyMap<string, string>
  /** Its messages are counted, not read. */
  readonly retryQueue?: string | undefined
  /** What is no fault: repeats after a hard kill, inversions after failed calls outside of strict order. Default: both are. */
  readonly tolerate?: { readonly repeats?: boolean, readonly inversions?: boolean }
  /** Called as each store has been read. */
  readonly onRead?: (store: 'topic' | 'table' | 'queues' | 'dead letters' | 'offsets') => void
}

export interface Proof {
  readonly agrees: boolean
  readonly produced: { readonly records: number, readonly valid: number, readonly invalid: number, readonly repeats: number }
  readonly rows: { readonly expected: number, readonly found: number }
  readonly messages: ReadonlyMap<string, Readonly<QueueCounts>>
  readonly deadLetters: { readonly expected: number, readonly found: number, readonly repeats: number, readonly byReason: ReadonlyMap<string, Readonly<ReasonCounts>> }
  readonly offsets: OffsetReport
  readonly order: OrderReport
  readonly retryQueueMessages: number
  readonly differences: readonly Difference[]
  /** From the Kafka timestamp of each chosen valid record to the acceptance of its message by the queue, in ms, unordered. */
  latenciesMs (which?: (record: ProducedRecord) => boolean): number[]
}

/**
 * Reads every store to its end and compares it with the producer's ledger. Call it when the service has nothing left to
 * do: what is still on its way counts as missing. Memory grows with the ledger by about a kilobyte a record, and not
 * with the stores.
 */
export async function proveEvents (options: ProofOptions): Promise<Proof> {
  const { kafka, topic, tolerate = {}, onRead = () => {} } = options
  const mayRepeat = tolerate.repeats === true
  const differences = new Differences()
  const entries = await readEntries<LedgerEntry>(options.ledger)
  const match = new LedgerMatch(entries, differences, mayRepeat, expectEvent)
  await readTopic(kafka, topic, record => { match.see(record) })
  match.finish()
  onRead('topic')

  const rows = new RowCheck(match.produced, differences)
  const messages = new MessageCheck(match.produced, options.queues.keys(), differences, mayRepeat)
  const letters = new DeadLetterCheck(match.produced, topic, differences, mayRepeat)
  const [ends, retryQueueMessages] = await Promise.all([
    readEnds(kafka, topic, options.groupId),
    options.retryQueue === undefined ? 0 : countMessages(options.sqs, options.retryQueue),
    readTable(options.dynamodb, options.table, row => { rows.see(row) }).then(() => onRead('table')),
    readQueues(options, messages).then(() => onRead('queues')),
    readTopic(kafka, options.deadLetterTopic, letter => { letters.see(letter) }).then(() => onRead('dead letters'))
  ])
  rows.finish()
  messages.finish()
  letters.finish()
  const offsets = checkOffsets(ends, differences)
  onRead('offsets')
  const order = messages.order(tolerate.inversions === true)
  if (retryQueueMessages > 0) differences.add('retry-left', `${retryQueueMessages} in ${options.retryQueue}`, retryQueueMessages)

  const found = differences.list()
  const valid = entries.filter(entry => entry.expected === 'valid').length
  return {
    agrees: found.length === 0,
    produced: { records: entries.length, valid, invalid: entries.length - valid, repeats: match.repeats },
    rows: { expected: rows.expected, found: rows.found },
    messages: messages.byClient,
    deadLetters: { expected: letters.expected, found: letters.found, repeats: letters.repeats, byReason: letters.byReason },
    offsets,
    order,
    retryQueueMessages,
    differences: found,
    latenciesMs: which => messages.latenciesMs(which)
  }
}

async function readQueues ({ sqs, queues }: ProofOptions, messages: MessageCheck): Promise<void> {
  await Promise.all([...queues].map(async ([client, url]) => {
    await drainQueue(sqs, url, message => { messages.see(client, message) })
  }))
}
