import { KafkaAdmin } from '../../connectors/kafka/admin.js'
import { describeError } from '../../errors.js'
import { type DeliveryConfig, type EventsConfig, type PipelineConfig, type RoutingConfig } from '../../service/config/load-config.js'
import { type CheckResult, failed, note, passed } from './check-result.js'

/** Names of topics, and the command that makes them. */
export interface TopicsToCheck {
  readonly source: string
  readonly deadLetters: readonly string[]
  readonly outputs: readonly string[]
  /** Consumer groups that read the source. */
  readonly groups: readonly string[]
  readonly create: string
}

export function eventsTopics ({ events, kafka }: EventsConfig): TopicsToCheck {
  return { source: events.topic, deadLetters: [events.deadLetterTopic], outputs: [], groups: [kafka.groupId], create: 'penstock create' }
}

export function routingTopics ({ routing, kafka }: RoutingConfig): TopicsToCheck {
  const outputs = [...new Set(routing.destinations.map(({ outputTopic }) => outputTopic))]
  return { source: routing.topic, deadLetters: [routing.deadLetterTopic], outputs, groups: [kafka.groupId], create: 'penstock create --pipeline routing' }
}

export function deliveryTopics ({ delivery }: DeliveryConfig): TopicsToCheck {
  const { topic, destinations, groupPrefix } = delivery
  return {
    source: topic,
    deadLetters: [...new Set(destinations.map(({ deadLetterTopic }) => deadLetterTopic))],
    outputs: [],
    groups: destinations.map(({ name }) => groupPrefix + name),
    create: 'penstock create --pipeline delivery'
  }
}

/** Brokers, topics, and what the groups have committed. The size limits of topics can not be read through this client. */
export async function checkKafka (kafka: PipelineConfig['kafka'], topics: TopicsToCheck, timeoutMs: number): Promise<CheckResult[]> {
  const names = [topics.source, ...topics.outputs, ...topics.deadLetters]
  let admin: KafkaAdmin
  try {
    admin = await KafkaAdmin.connect(kafka, timeoutMs)
  } catch (error) {
    return [
      failed('Kafka brokers', describeError(error), 'compare KAFKA_BROKERS and KAFKA_SECURITY_PROTOCOL with the cluster'),
      ...names.map(name => failed(`topic ${name}`, 'not tried: no broker answers', ''))
    ]
  }
  try {
    return [
      passed('Kafka brokers', (await admin.brokers()).join(' ')),
      ...await checkTopics(admin, names, topics.create),
      ...(await Promise.all(topics.groups.map(async group => await checkGroup(admin, group, topics.source)))).flat(),
      note('topic size limits', `not readable from here: ${topics.source} should allow ${kafka.maxMessageBytes} bytes a message (KAFKA_MAX_MESSAGE_BYTES), and ${[...topics.outputs, ...topics.deadLetters].join(', ')} 65,536 more`)
    ]
  } catch (error) {
    return [failed('Kafka', describeError(error), 'see the broker\'s log')]
  } finally {
    await admin.close()
  }
}

async function checkTopics (admin: KafkaAdmin, names: readonly string[], create: string): Promise<CheckResult[]> {
  const topics = await admin.describeTopics(names)
  return names.map((name, index) => {
    const topic = topics[index]
    return topic === undefined
      ? failed(`topic ${name}`, 'does not exist', create)
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
