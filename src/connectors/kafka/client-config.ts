import { type ConsumerGlobalConfig, type ConsumerTopicConfig, type GlobalConfig, type ProducerGlobalConfig, type ProducerTopicConfig } from 'node-rdkafka'
import { DEBUG_CONTEXTS } from './client-log.js'

/** How to reach a cluster. */
export interface KafkaSettings {
  readonly brokers: readonly string[]
  readonly clientId: string
  readonly securityProtocol: 'plaintext' | 'ssl' | 'sasl_plaintext' | 'sasl_ssl'
  readonly saslMechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512'
  readonly saslUsername: string | undefined
  readonly saslPassword: string | undefined
  readonly sslCaLocation: string | undefined
  readonly sslCertificateLocation: string | undefined
  readonly sslKeyLocation: string | undefined
  readonly sslKeyPassword: string | undefined
  /** Any further property of librdkafka, by its own name. */
  readonly properties: Readonly<Record<string, string>>
}

export interface KafkaConsumerSettings extends KafkaSettings {
  readonly groupId: string
  /** Static membership; unique per process. */
  readonly groupInstanceId: string | undefined
  readonly groupProtocol: 'classic' | 'consumer'
  readonly assignmentStrategy: 'cooperative-sticky' | 'range'
  readonly autoOffsetReset: 'earliest' | 'latest' | 'error'
  readonly sessionTimeoutMs: number
  readonly maxPollIntervalMs: number
  readonly queuedMinMessages: number
  readonly queuedMaxKbytes: number
  readonly maxMessageBytes: number
}

export interface KafkaProducerSettings extends KafkaSettings {
  readonly compression: 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'
  readonly maxMessageBytes: number
  /** How long a message waits for others of its partition, in ms. */
  readonly lingerMs?: number
  /** Largest batch of one partition, before compression. librdkafka's 1,000,000 when absent. */
  readonly batchBytes?: number
  /** Bound of what waits in the producer, acknowledged or not; beyond it sending waits. */
  readonly queueKbytes?: number
}

/** What a dead letter adds to its record: the headers with its reason and origin. */
export const DEAD_LETTER_HEADROOM_BYTES = 65_536

/** Without an answer for this long a broker's connection is given up, and what was asked is asked again. */
const REQUEST_TIMEOUT_MS = 10_000
/** A producer's report is an error after this long; the caller decides whether to send again. */
const DELIVERY_TIMEOUT_MS = 30_000
const PRODUCER_QUEUE_KBYTES = 65_536
const PRODUCER_LINGER_MS = 5
/**
 * What one fetch takes of a partition; a larger message still comes, alone. With librdkafka's 1 MiB a backlog arrives
 * thousands of records of one partition at a time, so that few lanes have work: a third of the rate with calls of 10 ms
 * (docs/tuning.md).
 */
const PARTITION_FETCH_BYTES = 128 * 1024
/** A member that misses three heartbeats is expelled; 3 s is librdkafka's own default. */
const MAX_HEARTBEAT_INTERVAL_MS = 3_000

/**
 * Properties of a consumer whose offsets are committed by hand: nothing is committed or stored by itself, what is
 * fetched ahead is bounded in bytes, and the assignor is one that the rebalance callback knows. The operator's own
 * properties win: those that would break a promise, or have a knob, are refused with the configuration.
 * All names: https://github.com/confluentinc/librdkafka/blob/master/CONFIGURATION.md
 */
export function consumerConfig (settings: KafkaConsumerSettings): { global: ConsumerGlobalConfig, topic: ConsumerTopicConfig } {
  return {
    global: {
      ...commonConfig(settings),
      'group.id': settings.groupId,
      ...(settings.groupInstanceId === undefined ? {} : { 'group.instance.id': settings.groupInstanceId }),
      ...membership(settings),
      'max.poll.interval.ms': settings.maxPollIntervalMs,
      'enable.auto.commit': false,
      'enable.auto.offset.store': false,
      // Markers of transactions at the end of a partition surface as no record: only this tells that they were read.
      'enable.partition.eof': true,
      'isolation.level': 'read_committed',
      'allow.auto.create.topics': false,
      'queued.min.messages': settings.queuedMinMessages,
      'queued.max.messages.kbytes': settings.queuedMaxKbytes,
      'fetch.max.bytes': Math.max(settings.queuedMaxKbytes * 1024, settings.maxMessageBytes),
      'fetch.message.max.bytes': PARTITION_FETCH_BYTES,
      // The default of 1 s starves a consumer whose local queue is small.
      'fetch.queue.backoff.ms': 20,
      ...settings.properties,
      debug: [DEBUG_CONTEXTS, settings.properties.debug].filter(Boolean).join()
    },
    topic: { 'auto.offset.reset': settings.autoOffsetReset }
  }
}

/**
 * Properties of a producer that reports a delivery once all replicas have it, in order and without duplicates of its own.
 * A key goes to the partition that the Java client would choose.
 */
export function producerConfig (settings: KafkaProducerSettings): { global: ProducerGlobalConfig, topic: ProducerTopicConfig } {
  const { lingerMs = PRODUCER_LINGER_MS, queueKbytes = PRODUCER_QUEUE_KBYTES, batchBytes, maxMessageBytes } = settings
  return {
    global: {
      ...commonConfig(settings),
      dr_cb: true,
      'enable.idempotence': true,
      'message.max.bytes': maxMessageBytes + DEAD_LETTER_HEADROOM_BYTES,
      'queue.buffering.max.kbytes': Math.max(queueKbytes, Math.ceil(maxMessageBytes / 1024) * 2),
      'linger.ms': lingerMs,
      ...(batchBytes === undefined ? {} : { 'batch.size': batchBytes }),
      'compression.codec': settings.compression,
      ...settings.properties
    },
    topic: { 'request.required.acks': -1, 'message.timeout.ms': DELIVERY_TIMEOUT_MS, partitioner: 'murmur2_random' }
  }
}

export function adminConfig (settings: KafkaSettings): GlobalConfig {
  return { ...commonConfig(settings), ...settings.properties }
}

/** What every client needs: the brokers, the name, the security. Host names of brokers are verified with TLS. */
function commonConfig (settings: KafkaSettings): GlobalConfig {
  return {
    'bootstrap.servers': settings.brokers.join(','),
    'client.id': settings.clientId,
    ...security(settings),
    'socket.keepalive.enable': true,
    // A broker that hangs keeps its connections, so nothing else tells of it; librdkafka asks any broker for leaders and
    // coordinators, and would wait for this one for a minute.
    'socket.timeout.ms': REQUEST_TIMEOUT_MS,
    'reconnect.backoff.ms': 100,
    'reconnect.backoff.max.ms': 1_000,
    // Within this time a topic that was created later is found, and the new leader of a broker that hangs.
    'topic.metadata.refresh.interval.ms': 10_000,
    // An idle connection that the broker closes is no news.
    'log.connection.close': false,
    'statistics.interval.ms': 0
  }
}

/** With KIP-848 the broker owns timeouts and assignors, and librdkafka refuses to be told them. */
function membership (settings: KafkaConsumerSettings): ConsumerGlobalConfig {
  if (settings.groupProtocol === 'consumer') return { 'group.protocol': 'consumer' }
  return {
    'group.protocol': 'classic',
    'partition.assignment.strategy': settings.assignmentStrategy,
    'session.timeout.ms': settings.sessionTimeoutMs,
    'heartbeat.interval.ms': Math.min(MAX_HEARTBEAT_INTERVAL_MS, Math.floor(settings.sessionTimeoutMs / 3))
  }
}

function security (settings: KafkaSettings): GlobalConfig {
  const config: GlobalConfig = { 'security.protocol': settings.securityProtocol }
  if (settings.securityProtocol.startsWith('sasl_')) {
    config['sasl.mechanism'] = settings.saslMechanism
    if (settings.saslUsername !== undefined) config['sasl.username'] = settings.saslUsername
    if (settings.saslPassword !== undefined) config['sasl.password'] = settings.saslPassword
  }
  if (settings.securityProtocol.endsWith('ssl')) {
    config['ssl.endpoint.identification.algorithm'] = 'https'
    if (settings.sslCaLocation !== undefined) config['ssl.ca.location'] = settings.sslCaLocation
    if (settings.sslCertificateLocation !== undefined) config['ssl.certificate.location'] = settings.sslCertificateLocation
    if (settings.sslKeyLocation !== undefined) config['ssl.key.location'] = settings.sslKeyLocation
    if (settings.sslKeyPassword !== undefined) config['ssl.key.password'] = settings.sslKeyPassword
  }
  return config
}
