import { type Flight } from '../../engine/flight.js'
import { type Outcome } from '../../engine/outcome.js'
import { type BatchPolicy, type Stage } from '../../engine/stage.js'
import { BATCH_WRITE_MAX_BYTES, BATCH_WRITE_MAX_ITEMS } from './limits.js'
import { putNewest } from './put-newest.js'
import { checkRow, type Row, wireBytes } from './row.js'
import { type Table } from './table.js'
import { writeRows } from './write-rows.js'

export interface TableStageOptions<T> {
  readonly table: Table
  /** Bounded by what a call may hold: 25 items, 15 MB. */
  readonly batch: BatchPolicy
  readonly concurrency: number
  /** The row of a record; asked for several times, so it must be cheap and always the same. */
  row (flight: Flight<T>): Row
  /** The row's key alone. */
  key (flight: Flight<T>): string
}

/**
 * Stores one row per record with BatchWriteItem: a put is a full overwrite, and the newest record of a key wins. The
 * lane is the key, so one key is never twice in a call nor in two calls in flight, which the service refuses or leaves
 * to chance. Records that come late, from the retry queue or refused by it, are put one by one under a condition.
 */
export function createTableStage<T> (options: TableStageOptions<T>): Stage<T> {
  const { table, batch } = options
  return {
    name: 'table',
    batch: {
      maxRecords: Math.min(batch.maxRecords, BATCH_WRITE_MAX_ITEMS),
      maxBytes: Math.min(batch.maxBytes, BATCH_WRITE_MAX_BYTES),
      lingerMs: batch.lingerMs
    },
    concurrency: options.concurrency,
    orderKey: flight => options.key(flight),
    maxPerLane: 1,
    coalesce: 'latest',
    check: flight => checkRow(options.row(flight)),
    bytes: flight => wireBytes(options.row(flight)),
    run: async (flights, signal) => await store(table, flights.map(flight => ({ row: options.row(flight), late: flight.late })), signal)
  }
}

interface Write {
  readonly row: Row
  readonly late: boolean
}

async function store (table: Table, writes: readonly Write[], signal: AbortSignal): Promise<readonly Outcome[]> {
  const plain = writes.filter(write => !write.late).map(write => write.row)
  if (plain.length === writes.length) return await writeRows(table, plain, signal)
  const [written, put] = await Promise.all([
    writeRows(table, plain, signal),
    Promise.all(writes.filter(write => write.late).map(write => putNewest(table, write.row, signal)))
  ])
  const outcomes = { plain: written.values(), late: put.values() }
  return writes.map(write => outcomes[write.late ? 'late' : 'plain'].next().value as Outcome)
}
