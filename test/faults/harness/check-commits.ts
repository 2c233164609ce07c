import { type Report } from '../../../bench/recording-endpoint/report.js'
import { type LedgerEntry } from '../../../src/generator/ledger.js'
import { type Commit } from '../../helpers/commits.js'

/**
 * Commits that passed a record before its end: before its message was accepted by its queue, it was accepted by the
 * retry queue, or its dead letter was made. All times are of one machine's clock, in ms; a record's end is taken early
 * and a commit late, so that whatever is found is a violation.
 */
export function checkCommits (
  commits: readonly Commit[], entries: readonly LedgerEntry[], letters: ReadonlyMap<string, { readonly at: number }>, report: Pick<Report, 'acceptedAt' | 'handedOver'>
): string[] {
  const ends = new Map<number, Array<{ readonly offset: number, readonly at: number }>>()
  const endOf = endsOf(report, letters)
  for (const entry of entries) {
    if (!('topic' in entry.place)) continue
    const { partition, offset } = entry.place
    let ofPartition = ends.get(partition)
    if (ofPartition === undefined) ends.set(partition, ofPartition = [])
    ofPartition.push({ offset, at: endOf(entry, `${partition}:${offset}`) })
  }
  for (const ofPartition of ends.values()) ofPartition.sort((a, b) => a.offset - b.offset)
  const partitions = new Set(commits.map(({ partition }) => partition))
  return [...partitions].flatMap(partition => violations(partition, commits.filter(commit => commit.partition === partition), ends.get(partition) ?? []))
}

/** A commit may pass what ended before it; what it has passed once need not be looked at again. */
function violations (partition: number, commits: readonly Commit[], ends: ReadonlyArray<{ readonly offset: number, readonly at: number }>): string[] {
  const found: string[] = []
  let passed = 0
  for (const commit of commits) {
    for (; passed < ends.length; passed++) {
      const end = ends[passed] as { readonly offset: number, readonly at: number }
      if (end.offset >= commit.offset) break
      if (end.at > commit.at) found.push(`partition ${partition}: ${commit.offset} was committed ${end.at === Infinity ? 'and' : `${end.at - commit.at} ms before`} offset ${end.offset} had ${end.at === Infinity ? 'no' : 'its'} end`)
    }
  }
  return found
}

function endsOf ({ acceptedAt = {}, handedOver = [] }: Pick<Report, 'acceptedAt' | 'handedOver'>, letters: ReadonlyMap<string, { readonly at: number }>): (entry: LedgerEntry, place: string) => number {
  const handedOverAt = new Map<string, number>()
  for (const { partition, offset, at } of handedOver) {
    const place = `${partition}:${offset}`
    handedOverAt.set(place, Math.min(at, handedOverAt.get(place) ?? Infinity))
  }
  return ({ uid = '' }, place) => Math.min(acceptedAt[uid] ?? Infinity, handedOverAt.get(place) ?? Infinity, letters.get(place)?.at ?? Infinity)
}
