import { setTimeout as wait } from 'node:timers/promises'
import { type KafkaProducerSettings } from '../../src/connectors/kafka/client-config.js'
import { systemClock } from '../../src/engine/clock.js'
import { type GeneratedRecord } from '../../src/generator/event-generator.js'
import { KafkaTarget } from '../../src/generator/kafka-target.js'
import { Pace } from '../../src/generator/pace.js'

export interface Production {
  readonly brokers: string
  readonly topic: string
  readonly events: number
  /** As fast as they are taken when absent, in batches. */
  readonly perSecond?: number
  make (index: number): GeneratedRecord
}

/** Events of the usual shape, none invalid. */
export const VALID = { seed: 1, invalidShare: 0, kinds: [], extraShare: 0 }

/**
 * The default of Kafka's own producer. With librdkafka's 1 MB a topic that is filled in one go holds thousands of records
 * of a partition in a row, and a fetch brings at least one batch whole: few lanes would have work at a time.
 */
const BATCH_BYTES = 16_384
/**
 * Each record by itself, as keyed records are spread. Without keys the client stays with a partition for 10 ms, and a
 * topic that is filled in seconds has partitions of 25,000 and of 46,000 records: a run ends with few lanes at work.
 */
const STICKY_MS = 0
/** That too, since Kafka 4. Each record in a request of its own would keep Kafka from answering whoever reads. */
const LINGER_MS = 5

export async function produce ({ brokers, topic, events, perSecond, make }: Production): Promise<void> {
  const failures: Error[] = []
  const properties = perSecond === undefined ? { 'sticky.partitioning.linger.ms': String(STICKY_MS) } : { 'linger.ms': String(LINGER_MS) }
  const kafka = kafkaAt(brokers, { 'batch.size': String(BATCH_BYTES), ...properties })
  const target = await KafkaTarget.connect({ kafka, topic }, (_record, result) => {
    if (result instanceof Error) failures.push(result)
  })
  // Not before it is connected: what should have gone meanwhile would come in one burst.
  const pace = perSecond === undefined ? undefined : new Pace(systemClock, perSecond)
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

export function kafkaAt (brokers: string, properties: Readonly<Record<string, string>> = {}): KafkaProducerSettings {
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
    properties,
    compression: 'none',
    maxMessageBytes: 1_048_576
  }
}
