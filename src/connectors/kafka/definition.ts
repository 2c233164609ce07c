import { type TopicPlan } from './admin.js'
import { DEAD_LETTER_HEADROOM_BYTES } from './client-config.js'

export interface TopicSettings {
  readonly partitions: number
  /** -1: the cluster's own default. */
  readonly replicationFactor: number
  /** Largest message of the source topic. */
  readonly maxMessageBytes: number
}

/** Long enough to look into a dead letter and to replay it: 30 days. */
const DEAD_LETTER_RETENTION_MS = 30 * 24 * 60 * 60 * 1000

export function sourceTopic (name: string, { partitions, replicationFactor, maxMessageBytes }: TopicSettings): TopicPlan {
  return { name, partitions, replicationFactor, config: { 'max.message.bytes': String(maxMessageBytes) } }
}

/** Its events are deleted after so long, whether or not they were read. */
export function eventLogTopic (name: string, { retentionMs, ...settings }: TopicSettings & { readonly retentionMs: number }): TopicPlan {
  const { config, ...plan } = sourceTopic(name, settings)
  return { ...plan, config: { ...config, 'cleanup.policy': 'delete', 'retention.ms': String(retentionMs) } }
}

/** What is written for a record of the source fits in, with the headers that say where it comes from. */
export function outputTopic (name: string, { partitions, replicationFactor, maxMessageBytes }: TopicSettings): TopicPlan {
  return { name, partitions, replicationFactor, config: { 'max.message.bytes': String(maxMessageBytes + DEAD_LETTER_HEADROOM_BYTES) } }
}

/** Every record of the source fits in, with the headers that say what happened to it. */
export function deadLetterTopic (name: string, { partitions, replicationFactor, maxMessageBytes }: TopicSettings): TopicPlan {
  return {
    name,
    partitions,
    replicationFactor,
    config: {
      'max.message.bytes': String(maxMessageBytes + DEAD_LETTER_HEADROOM_BYTES),
      'retention.ms': String(DEAD_LETTER_RETENTION_MS)
    }
  }
}
