import rdkafka from 'node-rdkafka'
import { type KafkaProducerSettings, producerConfig } from '../../src/connectors/kafka/client-config.js'

const TIMEOUT_MS = 30_000
const POLL_MS = 10
/** Small, so that a consumer does not have all of it with its first fetch. */
const BATCH_BYTES = 16 * 1024

/** Writes messages as if they had been sent at `timestamp` (ms since 1970). */
export async function produceAt (kafka: KafkaProducerSettings, topic: string, timestamp: number, messages: ReadonlyArray<{ readonly key: Buffer, readonly value: Buffer }>): Promise<void> {
  const { global, topic: ofTopics } = producerConfig({ ...kafka, batchBytes: BATCH_BYTES })
  const producer = new rdkafka.Producer(global, ofTopics)
  await done(called => producer.connect({ timeout: TIMEOUT_MS }, called))
  producer.setPollInterval(POLL_MS)
  try {
    await new Promise<void>((resolve, reject) => {
      let reported = 0
      producer.on('delivery-report', error => {
        if (error !== null && error !== undefined) reject(error)
        else if (++reported === messages.length) resolve()
      })
      for (const { key, value } of messages) producer.produce(topic, null, value, key, timestamp)
    })
  } finally {
    producer.setPollInterval(0) // as in KafkaTarget
    await done(called => producer.disconnect(called))
  }
}

async function done (call: (called: (error: unknown) => void) => unknown): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    call(error => {
      if (error === null || error === undefined) resolve()
      else reject(error instanceof Error ? error : new Error(JSON.stringify(error)))
    })
  })
}
