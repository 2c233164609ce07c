import { type WriteRequest } from '@aws-sdk/client-dynamodb'
import { DONE, environment, type Outcome, transient } from '../../engine/outcome.js'
import { type CallFailure, classifyError } from '../aws/classify-error.js'
import { isolateRefused } from '../aws/isolate-refused.js'
import { type Row } from './row.js'
import { judgeRefusedRow, type Table } from './table.js'

/** Writes rows of different keys in one call, and in more only if the table refuses it. One outcome per row, in order. */
export async function writeRows (table: Table, rows: readonly Row[], signal: AbortSignal): Promise<readonly Outcome[]> {
  if (rows.length === 0) return []
  return await isolateRefused({
    parts: [rows],
    scope: 'stage',
    call: part => batchWrite(table, part, signal),
    judgeSingle: (row, failure) => judgeRefusedRow(table, row, failure, signal)
  })
}

async function batchWrite (table: Table, rows: readonly Row[], signal: AbortSignal): Promise<readonly Outcome[] | CallFailure> {
  try {
    const answer = await table.writer.write(table.name, rows, signal)
    return outcomesOf(table, rows, Object.values(answer.UnprocessedItems ?? {}).flat())
  } catch (error) {
    return classifyError(error)
  }
}

const UNPROCESSED = transient('UNPROCESSED', 'UnprocessedItems', { throttled: true })
const ALL_UNPROCESSED = environment('stage', 'THROTTLED', 'every item was left unprocessed')

/** What the table left out comes back without an id: it is known by its key. */
function outcomesOf (table: Table, rows: readonly Row[], unprocessed: readonly WriteRequest[]): readonly Outcome[] {
  if (unprocessed.length === 0) return rows.map(() => DONE)
  if (unprocessed.length >= rows.length) return rows.map(() => ALL_UNPROCESSED)
  const keys = new Set(unprocessed.map(request => request.PutRequest?.Item?.[table.keyName]?.S))
  return rows.map(row => keys.has(row.key) ? UNPROCESSED : DONE)
}
