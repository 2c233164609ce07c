import { type SeenCommit } from './kafka-proxy/commit-faults.js'

/** Commits that a member sent in a span of time, and that went beyond all before them. */
export function advancesBy (member: string, commits: readonly SeenCommit[], from: number, to: number): string[] {
  const highest = new Map<number, number>()
  return commits.flatMap(({ clientId, at, partitions }) => partitions.flatMap(({ partition, offset }) => {
    const before = highest.get(partition) ?? 0
    highest.set(partition, Math.max(before, offset))
    return clientId === member && at > from && at < to && offset > before ? [`partition ${partition}: ${offset} after ${before}`] : []
  }))
}
