import { type Report } from '../../bench/recording-endpoint/report.js'
import { type LedgerEntry } from '../../src/generator/ledger.js'

const MAX_EXAMPLES = 5

/**
 * What a recording endpoint in full mode accepted against the ledger of the producer: every valid event has its row, from
 * its own place in the topic, and its message, byte for byte, in the queue of its client; nothing else has. Empty when
 * everything agrees. For events without extras, whose message is their very text.
 */
export function recordingProblems (report: Report, entries: readonly LedgerEntry[], queueOf: (client: string) => string): string {
  const problems: string[] = []
  const rows = new Map(Object.entries(report.rows ?? {}))
  const messages = new Map<string, string>(Object.entries(report.bodies ?? {}).flatMap(([queue, bodies]) =>
    Object.entries(bodies).map(([uid, digest]) => [`${queue} ${uid}`, digest] as const)))
  for (const { uid = '', client = '', expected, sha256, place, index } of entries) {
    if (expected !== 'valid' || !('offset' in place)) continue
    const what = `record ${index} (uid ${uid}) at partition ${place.partition}, offset ${place.offset}`
    const row = rows.get(uid)
    if (row === undefined) problems.push(`no row of ${what}`)
    else if (row.partition !== place.partition || row.offset !== place.offset) problems.push(`the row of ${what} is from partition ${row.partition}, offset ${row.offset}`)
    rows.delete(uid)
    const message = `${queueOf(client)} ${uid}`
    if (messages.get(message) !== sha256) problems.push(`${messages.has(message) ? 'another text in' : 'no'} message of ${what}`)
    messages.delete(message)
  }
  for (const uid of rows.keys()) problems.push(`a row that no valid event stands for: ${uid}`)
  for (const message of messages.keys()) problems.push(`a message that no valid event stands for: ${message}`)
  return [...problems.slice(0, MAX_EXAMPLES), ...problems.length > MAX_EXAMPLES ? [`… and ${problems.length - MAX_EXAMPLES} more`] : []].join('\n')
}

/** Sends that repeated an earlier one: messages that deduplication dropped, and rows that were written again. */
export function repeatsIn (report: Report): { readonly messages: number, readonly rows: number } {
  return {
    messages: Object.values(report.queues).reduce((sum, { duplicates }) => sum + duplicates, 0),
    rows: Object.values(report.rows ?? {}).reduce((sum, { writes }) => sum + writes - 1, 0)
  }
}
