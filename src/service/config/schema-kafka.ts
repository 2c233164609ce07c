import { Computed, file, integer, type Knob, list, oneOf, REQUIRED, secret, string } from './knob.js'
import { isLoopback } from './loopback.js'

/** https://github.com/apache/kafka/blob/trunk/clients/src/main/java/org/apache/kafka/common/internals/Topic.java */
export const TOPIC_NAME = /^(?!\.{1,2}$)[a-zA-Z0-9._-]{1,249}$/

const BROKER = /^(\[[0-9a-fA-F:.]+\]|[^\s:,/[\]]+):\d{1,5}$/

/** Kafka's own default of `message.max.bytes`: 1 MiB and the overhead of one record batch. */
const KAFKA_MESSAGE_MAX_BYTES = 1_048_588

export const kafkaKnobs = {
  brokers: list('KAFKA_BROKERS', {
    description: 'Brokers to start from.',
    default: REQUIRED,
    example: '127.0.0.1:9092',
    item: BROKER,
    itemSays: 'host:port'
  }),
  groupInstanceId: string('KAFKA_GROUP_INSTANCE_ID', {
    description: 'Static membership: a restart within the session timeout keeps its partitions. Unique per replica; process i of several appends `-i`.',
    default: undefined,
    example: 'replica-0'
  }),
  groupProtocol: oneOf('KAFKA_GROUP_PROTOCOL', ['classic', 'consumer'], {
    description: '`consumer` is KIP-848; session timeout and assignor are the broker\'s then.',
    default: 'classic'
  }),
  assignmentStrategy: oneOf('KAFKA_ASSIGNMENT_STRATEGY', ['cooperative-sticky', 'range'], {
    description: 'Assignor of the classic protocol. All members of a group need the same.',
    default: 'cooperative-sticky'
  }),
  clientId: string('KAFKA_CLIENT_ID', {
    description: 'Name in the brokers\' logs and quotas.',
    default: 'penstock'
  }),
  securityProtocol: oneOf('KAFKA_SECURITY_PROTOCOL', ['plaintext', 'ssl', 'sasl_plaintext', 'sasl_ssl'], {
    description: 'Plaintext has to be asked for, except on the machine itself.',
    default: new Computed('`plaintext` when every broker is on loopback, else `sasl_ssl`', (_machine, valueOf) => {
      const brokers = valueOf('KAFKA_BROKERS')
      return Array.isArray(brokers) && brokers.every(broker => isLoopback(String(broker))) ? 'plaintext' : 'sasl_ssl'
    })
  }),
  saslMechanism: oneOf('KAFKA_SASL_MECHANISM', ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'], {
    description: 'How to log in.',
    default: 'SCRAM-SHA-512'
  }),
  saslUsername: string('KAFKA_SASL_USERNAME', {
    description: 'User name of the login.',
    default: undefined,
    example: 'penstock'
  }),
  saslPassword: secret('KAFKA_SASL_PASSWORD', {
    description: 'Password of the login.',
    default: undefined
  }),
  sslCaLocation: file('KAFKA_SSL_CA_LOCATION', {
    description: 'Certificates of the authorities to trust (PEM). Without it: those of the system.',
    default: undefined,
    example: '/etc/ssl/kafka/ca.pem'
  }),
  sslCertificateLocation: file('KAFKA_SSL_CERTIFICATE_LOCATION', {
    description: 'The client\'s own certificate (PEM).',
    default: undefined,
    example: '/etc/ssl/kafka/client.pem'
  }),
  sslKeyLocation: file('KAFKA_SSL_KEY_LOCATION', {
    description: 'The client\'s private key (PEM).',
    default: undefined,
    example: '/etc/ssl/kafka/client.key'
  }),
  sslKeyPassword: secret('KAFKA_SSL_KEY_PASSWORD', {
    description: 'Password of the private key.',
    default: undefined
  }),
  autoOffsetReset: oneOf('KAFKA_AUTO_OFFSET_RESET', ['earliest', 'latest', 'error'], {
    description: 'Where a group without a committed offset starts. With `latest` or `error` an offset that has fallen off the log is not read from the start.',
    default: 'earliest'
  }),
  sessionTimeoutMs: integer('KAFKA_SESSION_TIMEOUT_MS', {
    description: 'After this long without a heartbeat the group gives the partitions of a process to others.',
    default: 10_000,
    unit: 'ms',
    min: 1_000,
    max: 1_800_000
  }),
  maxPollIntervalMs: integer('KAFKA_MAX_POLL_INTERVAL_MS', {
    description: 'After this long without a poll a process counts as stuck and loses its partitions.',
    default: 300_000,
    unit: 'ms',
    min: 1_000,
    max: 86_400_000
  }),
  queuedMinMessages: integer('KAFKA_QUEUED_MIN_MESSAGES', {
    description: 'Records per partition that the client tries to have fetched ahead.',
    default: 50_000,
    unit: 'records',
    min: 1,
    max: 10_000_000
  }),
  queuedMaxKbytes: integer('KAFKA_QUEUED_MAX_KBYTES', {
    description: 'Bytes that the client fetches ahead, for all its partitions. They count into the memory of the process.',
    default: 16_384,
    unit: 'KiB',
    min: 64,
    max: 2_097_151
  }),
  maxMessageBytes: integer('KAFKA_MAX_MESSAGE_BYTES', {
    description: 'Largest message of the source topic (its `max.message.bytes`). The dead-letter topic and producer allow 64 KiB more.',
    default: KAFKA_MESSAGE_MAX_BYTES,
    unit: 'bytes',
    min: 1_024,
    max: 900_000_000
  }),
  compression: oneOf('KAFKA_COMPRESSION', ['none', 'gzip', 'snappy', 'lz4', 'zstd'], {
    description: 'Compression of what is produced: dead letters, and the output of a pipeline that goes to Kafka.',
    default: 'lz4'
  })
}

export function groupId (fallback: string): Knob<string> {
  return string('KAFKA_GROUP_ID', {
    description: 'Consumer group.',
    default: fallback
  })
}

export function sourceTopic (variable: string, description: string, fallback: string): Knob<string> {
  return string(variable, { description, default: fallback, pattern: TOPIC_NAME, patternSays: 'a topic name' })
}

export function deadLetterTopic (sourceVariable: string, example: string): Knob<string> {
  return string('DEAD_LETTER_TOPIC', {
    description: 'Topic for the records that can not be processed.',
    default: new Computed(`\`<${sourceVariable}>.dead-letters\``, (_machine, valueOf) => `${String(valueOf(sourceVariable))}.dead-letters`),
    example,
    pattern: TOPIC_NAME,
    patternSays: 'a topic name'
  })
}

/** Of a pipeline whose output goes to Kafka. */
export const producerKnobs = {
  lingerMs: integer('KAFKA_PRODUCER_LINGER_MS', {
    description: 'How long the client waits for more records of a partition before a request leaves that is not full.',
    default: 5,
    unit: 'ms',
    min: 0,
    max: 60_000
  }),
  batchBytes: integer('KAFKA_PRODUCER_BATCH_BYTES', {
    description: 'Largest batch of one partition.',
    default: 1_000_000,
    unit: 'bytes',
    min: 1_024,
    max: 100_000_000
  }),
  queueKbytes: integer('KAFKA_PRODUCER_QUEUE_KBYTES', {
    description: 'What may wait in the client for its delivery; when it is full, the stage waits. It counts into the memory of the process.',
    default: 65_536,
    unit: 'KiB',
    min: 1_024,
    max: 2_097_151
  })
}
