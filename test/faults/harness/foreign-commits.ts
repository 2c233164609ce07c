import { type LogLine } from '../../helpers/service.js'
import { type SeenCommit } from './kafka-proxy/commit-faults.js'

export interface Member {
  /** `KAFKA_CLIENT_ID`, different for each member. */
  readonly clientId: string
  readonly log: readonly LogLine[]
}

/**
 * Commits that a member sent for a partition of which another member had already said that it was assigned: whether the
 * broker accepted them or not.
 */
export function foreignCommits (commits: readonly SeenCommit[], members: readonly Member[]): string[] {
  const assignments = members.flatMap(({ clientId, log }) => log.filter(({ event }) => event === 'assigned').map(line => ({
    clientId, at: Date.parse(String(line.time)), partitions: new Set(String(line.partitions).split(' '))
  }))).sort((a, b) => a.at - b.at)
  return commits.flatMap(({ clientId, at, partitions }) => partitions.flatMap(({ topic, partition, offset }) => {
    const owner = assignments.findLast(assignment => assignment.at < at && assignment.partitions.has(`${topic}-${partition}`))
    return owner === undefined || owner.clientId === clientId ? [] : [`${clientId} committed ${offset} of partition ${partition} ${at - owner.at} ms after it was assigned to ${owner.clientId}`]
  }))
}
