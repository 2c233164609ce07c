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
  readonly row: (flight: Flight<T>) => Row
  /** The row's key alone. */
  readonly key: (flight: Flight<T>) => string
}

/**
 * Stores one row per record with BatchWriteItem: a put is a full overwrite, and the newest record of a key wins. The
 * lane is the key, so one key is never twice in a call nor in two calls in flight, which the service refuses or leaves
 * to chance. Records that come late, from the retry queue or refused by it, are put one by one under a condition.
 */
export function createTableStage<T> (options: TableStageOptions<T>): Stage<T> {
  const { batch } = options
  return {
    name: 'table',
    batch: {
      maxRecords: Math.min(batch.maxRecords, BATCH_WRITE_MAX_ITEMS),
      maxBytes: Math.min(batch.maxBytes, BATCH_WRITE_MAX_BYTES),
      lingerMs: batch.lingerMs
    },
    concurrency: options.concurrency,
    orderKey: options.key,
    maxPerLane: 1,
    coalesce: 'latest',
    check: flight => checkRow(options.row(flight)),
    bytes: flight => wireBytes(options.row(flight)),
    run: async (flights, signal) => await store(options, flights, signal)
  }
}

async function store<T> ({ table, row }: TableStageOptions<T>, flights: ReadonlyArray<Flight<T>>, signal: AbortSignal): Promise<readonly Outcome[]> {
  const rows = flights.map(row)
  if (!flights.some(isLate)) return await writeRows(table, rows, signal)
  const [written, put] = await Promise.all([
    writeRows(table, rows.filter((_, index) => !isLate(flights[index]!)), signal),
    Promise.all(rows.filter((_, index) => isLate(flights[index]!)).map(late => putNewest(table, late, signal)))
  ])
  const outcomes = { plain: written.values(), late: put.values() }
  return flights.map(flight => outcomes[isLate(flight) ? 'late' : 'plain'].next().value as Outcome)
}

function isLate<T> (flight: Flight<T>): boolean {
  return flight.late
}
