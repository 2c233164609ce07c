import { KafkaAdmin } from '../connectors/kafka/admin.js'
import { type KafkaSettings } from '../connectors/kafka/client-config.js'
import { AppError } from '../errors.js'
import { type PartitionEnd } from './check-offsets.js'

const TIMEOUT_MS = 10_000

/** Where each partition of a topic begins and ends, and what a group has committed of it. */
export async function readEnds (settings: KafkaSettings, topic: string, groupId: string): Promise<PartitionEnd[]> {
  const admin = await KafkaAdmin.connect(settings, TIMEOUT_MS)
  try {
    const [description] = await admin.describeTopics([topic])
    if (description === undefined) throw new AppError('NOT_FOUND', `topic ${topic}`)
    const committed = await admin.committed(groupId, topic, description.partitions)
    return await Promise.all(committed.map(async ({ partition, offset }) => {
      const { low, high } = await admin.watermarks(topic, partition)
      return { partition, low, end: high, committed: offset }
    }))
  } finally {
    await admin.close()
  }
}
