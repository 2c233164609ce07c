import { deliveryDestinations } from './delivery-destinations.js'
import { ingestKeys } from './ingest-keys.js'
import { integer, list, oneOf, string } from './knob.js'
import { sourceTopic } from './schema-kafka.js'

const MIB = 1024 * 1024
const HOUR_MS = 3_600_000

export const deliveryKnobs = {
  topic: sourceTopic('DELIVERY_TOPIC', 'Topic that keeps the events.', 'event-log'),
  retentionMs: integer('DELIVERY_RETENTION_MS', {
    description: 'How long the topic keeps an event, when `create` or `run` makes the topic. A destination that is away for longer loses events.',
    default: 24 * HOUR_MS,
    unit: 'ms',
    min: 60_000,
    max: 3_650 * 24 * HOUR_MS
  }),
  parts: oneOf('DELIVERY_PARTS', ['all', 'ingest', 'destinations'], {
    description: 'What this process does: accept events, deliver them, or both.',
    default: 'all'
  }),
  destinations: deliveryDestinations('DELIVERY_DESTINATIONS_JSON', {
    fileVariable: 'DELIVERY_DESTINATIONS_FILE',
    description: 'Destinations; docs/delivery.md lists the members of each.'
  }),
  subset: list('DELIVERY_DESTINATIONS', {
    description: 'Names of the destinations that this process delivers to. Empty: all.',
    default: [],
    item: /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/,
    itemSays: 'a destination\'s name',
    example: 'bigquery,redshift'
  }),
  groupPrefix: string('DELIVERY_GROUP_PREFIX', {
    description: 'Each destination has a consumer group of its own, named by this and its name.',
    default: 'event-delivery-kafka-'
  })
}

export const ingestKnobs = {
  host: string('INGEST_HOST', {
    description: 'Address that accepts events. Without INGEST_KEYS it has to be loopback.',
    default: '127.0.0.1'
  }),
  port: integer('INGEST_PORT', {
    description: 'Port of the same; process i of several uses port + i. 0: any free port.',
    default: 8_080,
    min: 0,
    max: 65_535
  }),
  tenants: ingestKeys('INGEST_KEYS', {
    description: 'Tenants, each with the SHA-256 of its API keys in hexadecimal and its limits. Without it everybody on this machine may send, as tenant `default`.'
  }),
  maxBodyBytes: integer('INGEST_MAX_BODY_BYTES', {
    description: 'Largest body of one request.',
    default: MIB,
    unit: 'bytes',
    min: 100,
    max: 256 * MIB
  }),
  maxBatchEvents: integer('INGEST_MAX_BATCH_EVENTS', {
    description: 'Most events of one request.',
    default: 1_000,
    min: 1,
    max: 60_000
  }),
  ackTimeoutMs: integer('INGEST_ACK_TIMEOUT_MS', {
    description: 'How long a request waits until all replicas have its events; then it is answered with 503. While the oldest has waited for longer, others are answered with 503 at once.',
    default: 5_000,
    unit: 'ms',
    min: 10,
    max: 120_000
  }),
  requestTimeoutMs: integer('INGEST_REQUEST_TIMEOUT_MS', {
    description: 'How long a client may take to send a whole request.',
    default: 10_000,
    unit: 'ms',
    min: 100,
    max: 600_000
  }),
  maxConnections: integer('INGEST_MAX_CONNECTIONS', {
    description: 'Most connections at once; a further one is closed.',
    default: 1_000,
    min: 1,
    max: 100_000
  }),
  maxPendingEvents: integer('INGEST_MAX_PENDING_EVENTS', {
    description: 'Most events that wait for their acknowledgement; beyond it requests are answered with 503.',
    default: 50_000,
    min: 1,
    max: 100_000
  }),
  maxPendingBytes: integer('INGEST_MAX_PENDING_BYTES', {
    description: 'Their bytes.',
    default: 32 * MIB,
    unit: 'bytes',
    min: 1_024,
    max: 2_048 * MIB
  })
}
