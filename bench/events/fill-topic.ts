import { setTimeout as wait } from 'node:timers/promises'
import { KafkaAdmin } from '../../src/connectors/kafka/admin.js'
import { type KafkaProducerSettings } from '../../src/connectors/kafka/client-config.js'
import { systemClock } from '../../src/engine/clock.js'
import { generateRecord, type GeneratedRecord } from '../../src/generator/event-generator.js'
import { KafkaTarget } from '../../src/generator/kafka-target.js'
import { Pace } from '../../src/generator/pace.js'

/**
 * The default of Kafka's own producer. With librdkafka's 1 MB a topic that is filled in one go holds thousands of records
 * of a partition in a row, and a fetch brings at least one batch whole: few lanes would have work at a time.
 */
const BATCH_BYTES = 16_384
const ADMIN_TIMEOUT_MS = 30_000
export const VALID = { seed: 1, invalidShare: 0, kinds: [], extraShare: 0 }

export function kafkaAt (brokers: string): KafkaProducerSettings {
  return {
    brokers: brokers.split(','),
    clientId: 'penstock-bench',
    securityProtocol: 'plaintext',
    saslMechanism: 'PLAIN',
    saslUsername: undefined,
    saslPassword: undefined,
    sslCaLocation: undefined,
    sslCertificateLocation: undefined,
    sslKeyLocation: undefined,
    sslKeyPassword: undefined,
    properties: { 'batch.size': String(BATCH_BYTES) },
    compression: 'none',
    maxMessageBytes: 1_048_576
  }
}

export async function createTopics (brokers: string, topics: readonly string[], partitions: number): Promise<void> {
  const admin = await KafkaAdmin.connect(kafkaAt(brokers), ADMIN_TIMEOUT_MS)
  for (const name of topics) await admin.createTopic({ name, partitions, replicationFactor: 1, config: {} })
  await admin.close()
}

/** Valid events of the usual shape, as fast as they are taken. */
export async function fillTopic (brokers: string, topic: string, events: number): Promise<void> {
  await produce(brokers, topic, events, index => generateRecord(VALID, index))
}

/** Events at a steady rate whose uid says when each was produced. */
export async function produceTimed (brokers: string, topic: string, events: number, perSecond: number): Promise<void> {
  const pace = new Pace(systemClock, perSecond)
  await produce(brokers, topic, events, index => {
    const record = generateRecord(VALID, index)
    const event = JSON.parse(String(record.value)) as Record<string, string>
    return { ...record, value: Buffer.from(JSON.stringify({ ...event, uid: `at-${Date.now()}-${index}` })) }
  }, pace)
}

async function produce (brokers: string, topic: string, events: number, make: (index: number) => GeneratedRecord, pace?: Pace): Promise<void> {
  const failures: Error[] = []
  const target = await KafkaTarget.connect({ kafka: kafkaAt(brokers), topic, key: 'none' }, (_record, result) => {
    if (result instanceof Error) failures.push(result)
  })
  for (let index = 0; index < events && failures.length === 0; index++) {
    await target.write(make(index))
    const pauseMs = pace?.next() ?? 0
    // Below the timer's resolution several go at once.
    if (pauseMs >= 1) await wait(pauseMs)
  }
  await target.flush()
  await target.close()
  if (failures.length > 0) throw new AggregateError(failures, `${failures.length} events were not taken`)
}
