import { KafkaAdmin } from '../../connectors/kafka/admin.js'
import { describeError } from '../../errors.js'
import { chosenDestinations } from '../../pipelines/delivery/chosen-destinations.js'
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
  /** What the source should keep its records for, where that is ours to say. */
  readonly retention?: { readonly variable: string, readonly ms: number }
}

export function eventsTopics ({ events, kafka }: EventsConfig): TopicsToCheck {
  return { source: events.topic, deadLetters: [events.deadLetterTopic], outputs: [], groups: [kafka.groupId], create: 'penstock create' }
}

export function routingTopics ({ routing, kafka }: RoutingConfig): TopicsToCheck {
  const outputs = [...new Set(routing.destinations.map(({ outputTopic }) => outputTopic))]
  return { source: routing.topic, deadLetters: [routing.deadLetterTopic], outputs, groups: [kafka.groupId], create: 'penstock create --pipeline routing' }
}

export function deliveryTopics ({ delivery }: DeliveryConfig): TopicsToCheck {
  const { topic, groupPrefix, retentionMs } = delivery
  const destinations = chosenDestinations(delivery)
  return {
    source: topic,
    deadLetters: [...new Set(destinations.map(({ deadLetterTopic }) => deadLetterTopic))],
    outputs: [],
    groups: destinations.map(({ name }) => groupPrefix + name),
    create: 'penstock create --pipeline delivery',
    retention: { variable: 'DELIVERY_RETENTION_MS', ms: retentionMs }
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
    const brokers = await admin.brokers()
    return [
      passed('Kafka brokers', brokers.join(' ')),
      ...await checkTopics(admin, names, topics.create, brokers.length),
      ...(await Promise.all(topics.groups.map(async group => await checkGroup(admin, group, topics.source)))).flat(),
      ...await checkRetention(admin, topics),
      noteSizes(topics, kafka.maxMessageBytes)
    ]
  } catch (error) {
    return [failed('Kafka', describeError(error), 'see the broker\'s log')]
  } finally {
    await admin.close()
  }
}

async function checkTopics (admin: KafkaAdmin, names: readonly string[], create: string, brokers: number): Promise<CheckResult[]> {
  const topics = await admin.describeTopics(names)
  return names.map((name, index) => {
    const topic = topics[index]
    if (topic === undefined) return failed(`topic ${name}`, 'does not exist', create)
    const detail = `${topic.partitions.length} partitions, ${topic.replicas} replicas`
    return topic.replicas === 1 && brokers > 1
      ? note(`topic ${name}`, `${detail}: what it holds is lost with a broker`, 'kafka-reassign-partitions.sh adds replicas')
      : passed(`topic ${name}`, detail)
  })
}

/**
 * The Kafka client can not read a topic's settings. What the topic holds may give it away: when older records were deleted and
 * nothing is left of the older half of what should be kept, it keeps too little, or nothing came then.
 */
async function checkRetention (admin: KafkaAdmin, { source, retention }: TopicsToCheck): Promise<CheckResult[]> {
  if (retention === undefined) return []
  const [topic] = await admin.describeTopics([source])
  if (topic === undefined) return []
  const name = `retention of ${source}`
  const remedy = `compare retention.ms and retention.bytes with ${retention.variable} (${retention.ms}): kafka-configs.sh --describe --topic ${source}`
  const young = await admin.firstSince(Date.now() - retention.ms / 2, source, topic.partitions)
  const cut = await Promise.all(young.map(async ({ partition, offset }) => {
    const { low } = await admin.watermarks(source, partition)
    return low > 0 && offset === low ? [partition] : []
  }))
  const partitions = cut.flat()
  return [partitions.length === 0
    ? note(name, 'not readable from here; what the topic holds does not speak against it', remedy)
    : note(name, `not readable from here; of partitions ${partitions.join(', ')} everything older than half of ${retention.variable} is gone, and there was something: the topic keeps too little, or nothing came then`, remedy)]
}

function noteSizes ({ source, outputs, deadLetters }: TopicsToCheck, maxMessageBytes: number): CheckResult {
  const larger = [...outputs, ...deadLetters].join(', ')
  return note('topic size limits', `not readable from here: ${source} should allow ${maxMessageBytes} bytes a message (KAFKA_MAX_MESSAGE_BYTES)${larger === '' ? '' : `, and ${larger} 65,536 more`}`)
}

async function checkGroup (admin: KafkaAdmin, groupId: string, topicName: string): Promise<CheckResult[]> {
  const [topic] = await admin.describeTopics([topicName])
  if (topic === undefined) return []
  const offsets = await admin.committed(groupId, topicName, topic.partitions)
  const committed = offsets.filter(({ offset }) => offset !== undefined).length
  return [note(`group ${groupId}`, `has committed offsets in ${committed} of ${topic.partitions.length} partitions`)]
}
