import { type SourceRecord } from '../../src/engine/record.js'
import { Random } from '../../src/generator/random.js'
import { type Configuration } from './configuration.js'

export const TOPIC = 'events'
const CLIENTS = ['a', 'b']
const BRANCH_CLIENTS = ['a', 'b', 'c']
const UIDS = ['x', 'y', 'z']

/** One record of the log, and everything that ever became of it, over all lives of the process. */
export interface LogRecord {
  readonly partition: number
  readonly offset: number
  readonly client: string
  readonly uid: string
  /** `malformed`: the examiner refuses it; `oversized`: the queues' check does; `unenvelopable`: the retry queue's. */
  readonly kind: 'valid' | 'malformed' | 'oversized' | 'unenvelopable'
  readonly value: Buffer
  /** What it is split into, one per client; then these have the ends, and it has its own when all of them have. */
  readonly branches: readonly LogRecord[]
  /** Its own row was written. */
  stored: boolean
  /** Messages in its client's queue, before deduplication. */
  sent: number
  /** Codes of its dead letters. */
  readonly dead: string[]
  /** Messages that the retry queue took. */
  handedOver: number
  /** It was settled in an epoch that was not closed. */
  ended: boolean
  /** An epoch in which it had its end was cut before that was committed. */
  mayRepeat: boolean
  /** It failed in a call that took a later one of its lane. */
  overtaken: boolean
  /** It was once on its way to the dead letters or the retry queue, and its successors went past it. */
  aside: boolean
}

/** A partition's records in offset order. Offsets have gaps, also before the first and after the last. */
export interface PartitionLog {
  readonly records: readonly LogRecord[]
  readonly end: number
}

export function createLog (configuration: Configuration): PartitionLog[] {
  const { seed, partitions, recordsPerPartition } = configuration
  return Array.from({ length: partitions }, (_, partition) => {
    const random = new Random(seed, partition)
    const splits = new Random(seed, 500 + partition)
    const records: LogRecord[] = []
    let offset = random.below(3)
    while (records.length < recordsPerPartition) {
      const record = createRecord(partition, offset, random)
      records.push(splitsRecords(configuration) && record.kind === 'valid' && splits.below(3) === 0 ? split(record, splits) : record)
      offset += random.below(6) === 0 ? 2 + random.below(3) : 1
    }
    return { records, end: offset + random.below(2) }
  })
}

function createRecord (partition: number, offset: number, random: Random): LogRecord {
  const dice = random.below(40)
  const kind = dice < 2 ? 'malformed' : dice === 2 ? 'oversized' : dice < 6 ? 'unenvelopable' : 'valid'
  const size = random.below(12) === 0 ? 600 : 4 + random.below(40)
  return {
    partition, offset, kind, client: random.pick(CLIENTS), uid: random.pick(UIDS), value: Buffer.alloc(size), branches: [], stored: false, sent: 0, dead: [], handedOver: 0, ended: false, mayRepeat: false, overtaken: false, aside: false
  }
}

/** Only where there is no retry queue, which holds whole records. */
export function splitsRecords ({ order, retryQueue }: Configuration): boolean {
  return order === 'strict' || !retryQueue
}

function split (record: LogRecord, random: Random): LogRecord {
  const clients = BRANCH_CLIENTS.slice(0, 2 + random.below(2))
  return { ...record, branches: clients.map(client => ({ ...record, client, kind: random.below(8) === 0 ? 'oversized' : 'valid', dead: [] })) }
}

/** What has an end of its own. */
export function partsOf (record: LogRecord): readonly LogRecord[] {
  return record.branches.length === 0 ? [record] : record.branches
}

/** As it surfaces in one poll: a new object each time, so that whatever carries it tells which surfacing it was. */
export function surface ({ partition, offset, value }: LogRecord): SourceRecord {
  return { topic: TOPIC, partition, offset, key: null, value, headers: [], timestamp: -1 }
}

export function nameOf ({ partition, offset }: LogRecord): string {
  return `${partition}:${offset}`
}
