import { type KafkaSettings } from '../../src/connectors/kafka/client-config.js'
import { readTopic } from '../../src/proof/read-topic.js'

/** Where the group coordinator writes every commit that it accepts, in the order of acceptance. */
const OFFSETS_TOPIC = '__consumer_offsets'
/**
 * Of keys: 0 and 1 are commits, the others members and metadata of groups.
 * https://github.com/apache/kafka/blob/trunk/group-coordinator/src/main/resources/common/message/OffsetCommitKey.json
 */
const COMMIT_KEY_VERSIONS: readonly number[] = [0, 1]

export interface Commit {
  readonly partition: number
  readonly offset: number
  /** ms since 1970 at which the coordinator wrote it. */
  readonly at: number
}

/** Every commit that a group ever made for a topic, not only the last: one that was taken back by the next is among them. */
export async function readCommits (kafka: KafkaSettings, groupId: string, topic: string): Promise<Commit[]> {
  const commits: Commit[] = []
  await readTopic(kafka, OFFSETS_TOPIC, ({ key, value, timestamp }) => {
    if (key === null || value === null) return // the group was deleted
    const commit = readCommitKey(key)
    // After its version the value begins with the offset.
    if (commit?.groupId === groupId && commit.topic === topic) commits.push({ partition: commit.partition, offset: Number(value.readBigInt64BE(2)), at: timestamp })
  })
  return commits
}

/** Commits that went backwards: those of a process that no longer owned the partition. Empty when there are none. */
export function staleCommits (commits: readonly Commit[]): string[] {
  const highest = new Map<number, number>()
  return commits.flatMap(({ partition, offset }) => {
    const before = highest.get(partition) ?? -1
    highest.set(partition, Math.max(before, offset))
    return offset < before ? [`partition ${partition}: ${offset} after ${before}`] : []
  })
}

function readCommitKey (key: Buffer): { groupId: string, topic: string, partition: number } | undefined {
  if (!COMMIT_KEY_VERSIONS.includes(key.readInt16BE(0))) return undefined
  const groupEnd = 4 + key.readInt16BE(2)
  const topicEnd = groupEnd + 2 + key.readInt16BE(groupEnd)
  return {
    groupId: key.toString('utf8', 4, groupEnd),
    topic: key.toString('utf8', groupEnd + 2, topicEnd),
    partition: key.readInt32BE(topicEnd)
  }
}
