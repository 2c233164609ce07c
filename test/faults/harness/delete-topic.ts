import rdkafka, { type IAdminClient, type LibrdKafkaError } from 'node-rdkafka'
import { adminConfig, type KafkaSettings } from '../../../src/connectors/kafka/client-config.js'

const TIMEOUT_MS = 30_000

/** Deletes a topic with all that is in it, and with it what groups have committed of it. */
export async function deleteTopic (kafka: KafkaSettings, topic: string): Promise<void> {
  await ask(kafka, async admin => { await deleted(admin, topic) })
}

/** The same, and creates it again at once: few have seen it missing. */
export async function replaceTopic (kafka: KafkaSettings, topic: string, partitions: number): Promise<void> {
  await ask(kafka, async admin => {
    await deleted(admin, topic)
    await called(done => { admin.createTopic({ topic, num_partitions: partitions, replication_factor: 1 }, TIMEOUT_MS, done) })
  })
}

async function ask (kafka: KafkaSettings, order: (admin: IAdminClient) => Promise<void>): Promise<void> {
  const admin = rdkafka.AdminClient.create(adminConfig(kafka))
  try {
    await order(admin)
  } finally {
    admin.disconnect()
  }
}

async function deleted (admin: IAdminClient, topic: string): Promise<void> {
  await called(done => { admin.deleteTopic(topic, TIMEOUT_MS, done) })
}

async function called (call: (done: (error: LibrdKafkaError | null | undefined) => void) => void): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    call(error => {
      if (error === null || error === undefined) resolve()
      else reject(new Error(error.message))
    })
  })
}
