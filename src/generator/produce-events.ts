import { type KafkaProducerSettings } from '../connectors/kafka/client-config.js'
import { type GeneratedRecord } from './event-generator.js'
import { FileTarget } from './file-target.js'
import { chooseKinds } from './invalid-kinds.js'
import { KafkaTarget } from './kafka-target.js'
import { type LedgerEntry, type Place } from './ledger.js'
import { baseEntry, type ProduceControls, produceRecords, type ProduceSummary } from './produce-records.js'
import { generatedRecords, recordsOfFile } from './record-source.js'
import { type Acknowledge, type Target } from './target.js'

/** What becomes the key of an event's record. */
export type EventKey = 'none' | 'uid' | 'client'

export interface ProduceOptions extends ProduceControls {
  readonly to: { readonly file: string } | { readonly kafka: KafkaProducerSettings, readonly topic: string, readonly key: EventKey }
  /** Records to make; with `from` at most as many, all when absent. */
  readonly count?: number
  /** An existing file of lines, sent as they are, instead of made records. */
  readonly from?: string
  readonly seed?: number
  readonly invalidShare?: number
  /** Names; all that fit when absent. */
  readonly invalidKinds?: readonly string[]
  readonly extraShare?: number
  /** Replaces an existing file. */
  readonly force?: boolean
}

/** Makes events, or reads them from a file, and sends them. */
export async function produceEvents (options: ProduceOptions): Promise<ProduceSummary> {
  return await produceRecords<GeneratedRecord>({
    records: recordsOf(options),
    openTarget: (acknowledge, last) => openTarget(options, acknowledge, last),
    toEntry,
    run: describeRun(options),
    isFollowed: 'file' in options.to
  }, options)
}

/** What the ledger says of an event once it stands at its place. */
export function toEntry (record: GeneratedRecord, place: Place): LedgerEntry {
  const { uid, client } = record
  return { uid, client, ...baseEntry(record, place) }
}

export function keyOfEvent (key: EventKey): (record: GeneratedRecord) => string | undefined {
  return record => key === 'none' ? undefined : record[key]
}

function recordsOf (options: ProduceOptions): Iterable<GeneratedRecord> | AsyncIterable<GeneratedRecord> {
  const { from, count, seed = 1, invalidShare = 0, extraShare = 0, invalidKinds } = options
  if (from !== undefined) return recordsOfFile(from, count)
  const kinds = chooseKinds(invalidKinds, 'file' in options.to ? 'file' : 'kafka')
  return generatedRecords({ seed, invalidShare, extraShare, kinds }, count ?? 0)
}

/** What two runs must share so that one can go on where the other stopped. */
function describeRun (options: ProduceOptions): Record<string, unknown> {
  const { from, seed = 1, invalidShare = 0, extraShare = 0, invalidKinds, to } = options
  const kinds = invalidShare === 0 ? [] : chooseKinds(invalidKinds, 'file' in to ? 'file' : 'kafka').map(kind => kind.name)
  const target = 'file' in to ? { file: to.file } : { topic: to.topic, key: to.key }
  return from === undefined ? { seed, invalidShare, extraShare, kinds, ...target } : { from, ...target }
}

async function openTarget ({ to, resume, force }: ProduceOptions, acknowledge: Acknowledge<GeneratedRecord>, last: Place | undefined): Promise<Target<GeneratedRecord>> {
  if (!('file' in to)) return await KafkaTarget.connect({ ...to, keyOf: keyOfEvent(to.key) }, acknowledge)
  if (resume !== true) return await FileTarget.create(to.file, acknowledge, force === true)
  return await FileTarget.resume(to.file, acknowledge, last !== undefined && 'line' in last ? last : { line: 0, fileEnd: 0 })
}
