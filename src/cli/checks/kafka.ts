import { KafkaAdmin } from '../../connectors/kafka/admin.js'
import { describeError } from '../../errors.js'
import { type EventsConfig } from '../../service/config/load-config.js'
import { type CheckResult, failed, note, passed } from './check-result.js'

/** Brokers, topics, and what the group has committed. The size limits of topics can not be read through this client. */
export async function checkKafka ({ kafka, events }: EventsConfig, timeoutMs: number): Promise<CheckResult[]> {
  let admin: KafkaAdmin
  try {
    admin = await KafkaAdmin.connect(kafka, timeoutMs)
  } catch (error) {
    return [
      failed('Kafka brokers', describeError(error), 'compare KAFKA_BROKERS and KAFKA_SECURITY_PROTOCOL with the cluster'),
      failed(`topic ${events.topic}`, 'not tried: no broker answers', ''),
      failed(`topic ${events.deadLetterTopic}`, 'not tried: no broker answers', '')
    ]
  }
  try {
    return [
      passed('Kafka brokers', (await admin.brokers()).join(' ')),
      ...await checkTopics(admin, [events.topic, events.deadLetterTopic]),
      ...await checkGroup(admin, kafka.groupId, events.topic),
      note('topic size limits', `not readable from here: ${events.topic} should allow ${kafka.maxMessageBytes} bytes a message (KAFKA_MAX_MESSAGE_BYTES), and ${events.deadLetterTopic} 65,536 more`)
    ]
  } catch (error) {
    return [failed('Kafka', describeError(error), 'see the broker\'s log')]
  } finally {
    await admin.close()
  }
}

async function checkTopics (admin: KafkaAdmin, names: readonly string[]): Promise<CheckResult[]> {
  const topics = await admin.describeTopics(names)
  return names.map((name, index) => {
    const topic = topics[index]
    return topic === undefined
      ? failed(`topic ${name}`, 'does not exist', 'penstock create')
      : passed(`topic ${name}`, `${topic.partitions.length} partitions, ${topic.replicas} replicas`)
  })
}

async function checkGroup (admin: KafkaAdmin, groupId: string, topicName: string): Promise<CheckResult[]> {
  const [topic] = await admin.describeTopics([topicName])
  if (topic === undefined) return []
  const offsets = await admin.committed(groupId, topicName, topic.partitions)
  const committed = offsets.filter(({ offset }) => offset !== undefined).length
  return [note(`group ${groupId}`, `has committed offsets in ${committed} of ${topic.partitions.length} partitions`)]
}
