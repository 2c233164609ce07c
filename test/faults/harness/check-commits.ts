import { type BaseEntry } from '../../../src/generator/ledger.js'
import { type Commit } from '../../helpers/commits.js'

/**
 * Commits that passed a record before its end. `endOf`: when a record had it, `Infinity` for never; asked with the place
 * as `partition:offset`. All times are of one machine's clock, in ms; a record's end is taken early and a commit late, so
 * that whatever is found is a violation.
 */
export function checkCommits<E extends Pick<BaseEntry, 'place'>> (commits: readonly Commit[], entries: readonly E[], endOf: (entry: E, place: string) => number): string[] {
  const ends = new Map<number, Array<{ readonly offset: number, readonly at: number }>>()
  for (const entry of entries) {
    if (!('offset' in entry.place)) continue
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
