import { KafkaAdmin, type TopicPlan } from '../connectors/kafka/admin.js'
import { type KafkaSettings } from '../connectors/kafka/client-config.js'
import { pause } from '../connectors/kafka/connection.js'
import { type Clock } from '../engine/clock.js'
import { describeError } from '../errors.js'

/** Of a topic that is made at start. `penstock create` lets them be chosen. */
export const NEW_TOPIC_PARTITIONS = 12

const CONNECT_TIMEOUT_MS = 5_000
const RETRY_MS = 1_000

export interface TopicReport {
  ready (result: 'created' | 'existed', plan: TopicPlan): void
  /** It is tried again. */
  failed (reason: string): void
}

/**
 * Makes the topic unless it is there, as soon as the brokers are; a topic that a producer finds missing would be made
 * by the brokers, with their own retention. Never rejects; gives up when `signal` aborts.
 */
export async function ensureEventLog (kafka: KafkaSettings, plan: TopicPlan, report: TopicReport, clock: Clock, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      const result = await createUnlessThere(kafka, plan)
      if (!signal.aborted) report.ready(result, plan)
      return
    } catch (error) {
      report.failed(describeError(error))
    }
    await pause(clock, RETRY_MS, signal)
  }
}

async function createUnlessThere (kafka: KafkaSettings, plan: TopicPlan): Promise<'created' | 'existed'> {
  const admin = await KafkaAdmin.connect(kafka, CONNECT_TIMEOUT_MS)
  try {
    const [existing] = await admin.describeTopics([plan.name])
    return existing === undefined ? await admin.createTopic(plan) : 'existed'
  } finally {
    await admin.close()
  }
}
