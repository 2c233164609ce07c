import { DONE, environment, type Outcome, transient } from '../../engine/outcome.js'
import { type CallFailure, classifyError } from '../aws/classify-error.js'
import { isolateRefused } from '../aws/isolate-refused.js'
import { type BatchWriteAnswer } from './batch-writer.js'
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
    return outcomesOf(table, rows, answer)
  } catch (error) {
    return classifyError(error)
  }
}

const UNPROCESSED = transient('UNPROCESSED', 'UnprocessedItems', { throttled: true })
const ALL_UNPROCESSED = environment('stage', 'THROTTLED', 'every item was left unprocessed')
/** The service always says what it left out, if only nothing: an answer that does not is none of its own. */
const NOT_IN_ANSWER = transient('UNKNOWN', 'the answer does not say what was left unprocessed')
const OF_OTHERS = transient('UNKNOWN', 'the answer names items that were not sent')

/** What the table left out comes back without an id: it is known by its key. */
function outcomesOf (table: Table, rows: readonly Row[], { UnprocessedItems: unprocessed }: BatchWriteAnswer): readonly Outcome[] {
  if (unprocessed === undefined || unprocessed === null) return rows.map(() => NOT_IN_ANSWER)
  const left = Object.values(unprocessed).flat()
  if (left.length === 0) return rows.map(() => DONE)
  if (left.length >= rows.length) return rows.map(() => ALL_UNPROCESSED)
  const keys = new Set(left.map(request => request.PutRequest?.Item?.[table.keyName]?.S))
  const outcomes = rows.map(row => keys.has(row.key) ? UNPROCESSED : DONE)
  return outcomes.filter(outcome => outcome === UNPROCESSED).length === left.length ? outcomes : rows.map(() => OF_OTHERS)
}
