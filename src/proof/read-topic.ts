import rdkafka, { type KafkaConsumer, type LibrdKafkaError, type Message, type Metadata } from 'node-rdkafka'
import { KafkaAdmin } from '../connectors/kafka/admin.js'
import { adminConfig, type KafkaSettings } from '../connectors/kafka/client-config.js'
import { toSourceRecord } from '../connectors/kafka/message.js'
import { type SourceRecord } from '../engine/record.js'
import { AppError } from '../errors.js'

const CONNECT_TIMEOUT_MS = 10_000
/** Without a record for this long the read is given up: a broker that is away must not look like the end of a topic. */
const STALL_TIMEOUT_MS = 30_000
const RECORDS_A_CALL = 1_000
const CALL_TIMEOUT_MS = 200
/** What the client fetches ahead, which bounds the memory. */
const PREFETCH_KBYTES = 8_192

/**
 * Hands every record that is in the topic now to `visit`, in offset order within a partition. Joins no group and commits
 * nothing. Rejects with UNAVAILABLE when the end is not reached.
 */
export async function readTopic (settings: KafkaSettings, topic: string, visit: (record: SourceRecord) => void): Promise<void> {
  const bounds = await findBounds(settings, topic)
  const open = new Set(bounds.keys())
  if (open.size === 0) return
  const consumer = await connect(settings)
  try {
    // The end of a partition can be a transaction's marker, which no record ever reaches. The client tells of the end
    // before it hands over the records that it has collected in the same call.
    consumer.on('partition.eof', ({ partition, offset }) => { if (offset >= (bounds.get(partition)?.high ?? 0)) open.delete(partition) })
    consumer.assign([...bounds].map(([partition, { low }]) => ({ topic, partition, offset: low })))
    let movedAt = performance.now()
    while (open.size > 0) {
      const messages = await consume(consumer)
      for (const message of messages) {
        const high = bounds.get(message.partition)?.high ?? 0
        if (message.offset >= high) continue // written after we looked
        visit(toSourceRecord(message))
        if (message.offset + 1 >= high) open.delete(message.partition)
      }
      if (messages.length > 0) movedAt = performance.now()
      else if (performance.now() - movedAt > STALL_TIMEOUT_MS) throw new AppError('UNAVAILABLE', `${topic} could not be read to its end: partitions ${[...open].join(', ')}`)
    }
  } finally {
    await new Promise<void>(resolve => consumer.disconnect(() => resolve()))
  }
}

/** Of the partitions that hold anything. */
async function findBounds (settings: KafkaSettings, topic: string): Promise<Map<number, { low: number, high: number }>> {
  const admin = await KafkaAdmin.connect(settings, CONNECT_TIMEOUT_MS)
  try {
    const [description] = await admin.describeTopics([topic])
    if (description === undefined) throw new AppError('NOT_FOUND', `topic ${topic}`)
    const bounds = await Promise.all(description.partitions.map(async partition => [partition, await admin.watermarks(topic, partition)] as const))
    return new Map(bounds.filter(([, { low, high }]) => low < high))
  } finally {
    await admin.close()
  }
}

async function connect (settings: KafkaSettings): Promise<KafkaConsumer> {
  const consumer = new rdkafka.KafkaConsumer({
    ...adminConfig(settings),
    'group.id': 'penstock-proof', // asked for by the client, joined by nobody
    'enable.auto.commit': false,
    'enable.auto.offset.store': false,
    'enable.partition.eof': true,
    'isolation.level': 'read_committed',
    'queued.max.messages.kbytes': PREFETCH_KBYTES
  }, { 'auto.offset.reset': 'error' })
  await new Promise<void>((resolve, reject) => {
    consumer.connect({ timeout: CONNECT_TIMEOUT_MS }, (error: LibrdKafkaError | null | undefined, _metadata: Metadata) => {
      if (error === null || error === undefined) resolve()
      else reject(new AppError('UNAVAILABLE', `Kafka at ${settings.brokers.join(',')}: ${error.message}`))
    })
  })
  consumer.setDefaultConsumeTimeout(CALL_TIMEOUT_MS)
  return consumer
}

function consume (consumer: KafkaConsumer): Promise<Message[]> {
  return new Promise((resolve, reject) => {
    consumer.consume(RECORDS_A_CALL, (error, messages) => {
      if (error === null || error === undefined) resolve(messages)
      else reject(new AppError('UNAVAILABLE', error.message, { cause: error }))
    })
  })
}
