import { destinations } from './destinations.js'
import { file, integer, oneOf, REQUIRED, secret, string } from './knob.js'
import { deadLetterTopic, sourceTopic } from './schema-kafka.js'

const CONSUMER_SUBJECT = 'processor.to.consumer-value'
/** No query and no user: those would be a secret that everybody prints. */
const REGISTRY_URL = /^https?:\/\/[^\s?#@]+$/

export const routingKnobs = {
  processorId: string('ROUTING_PROCESSOR_ID', {
    description: 'Name of this processor, in every record it writes (`processor_service_id`).',
    default: 'event-processor-1'
  }),
  topic: sourceTopic('ROUTING_TOPIC', 'Topic the records come from.', 'producer.to.processor'),
  destinations: destinations('ROUTING_DESTINATIONS', {
    description: 'Destinations, each with its topic and its subject in the schema registry. Names compare without case. A record of any other destination goes to the dead letters.',
    default: [
      { name: 'FINANCE', outputTopic: 'processor.to.finance', outputSubject: CONSUMER_SUBJECT },
      { name: 'MARKETING', outputTopic: 'processor.to.marketing', outputSubject: CONSUMER_SUBJECT },
      { name: 'LOGISTICS', outputTopic: 'processor.to.logistics', outputSubject: CONSUMER_SUBJECT }
    ]
  }),
  deadLetterTopic: deadLetterTopic('ROUTING_TOPIC', 'producer.to.processor.dead-letters'),
  inlineBytes: integer('ROUTING_INLINE_BYTES', {
    description: 'Records of this size on average, or smaller, are decoded on the main thread, which the way to a thread and back costs more; larger ones in `VALIDATION_THREADS`, which start with the first of them. 0: always there.',
    default: 512,
    unit: 'bytes',
    min: 0,
    max: 1_048_576
  }),
  batchRecords: integer('ROUTING_BATCH_RECORDS', {
    description: 'Most records that are handed to the Kafka client at once, per destination topic.',
    default: 500,
    unit: 'records',
    min: 1,
    max: 10_000
  }),
  concurrency: integer('ROUTING_CONCURRENCY', {
    description: 'Such batches that wait for their delivery reports, per destination topic.',
    default: 16,
    min: 1,
    max: 1_000
  })
}

export const registryKnobs = {
  url: string<never>('SCHEMA_REGISTRY_URL', {
    description: 'Schema registry with Confluent\'s REST interface; a path belongs to it (`/apis/ccompat/v7` of Apicurio).',
    default: REQUIRED,
    example: 'http://127.0.0.1:8081',
    pattern: REGISTRY_URL,
    patternSays: 'an http or https URL without user, query and fragment'
  }),
  username: string('SCHEMA_REGISTRY_USERNAME', {
    description: 'User name (HTTP basic authentication).',
    default: undefined,
    example: 'penstock'
  }),
  password: secret('SCHEMA_REGISTRY_PASSWORD', {
    description: 'Password of the same.',
    default: undefined
  }),
  token: secret('SCHEMA_REGISTRY_TOKEN', {
    description: 'Bearer token, in place of user name and password.',
    default: undefined
  }),
  caLocation: file('SCHEMA_REGISTRY_CA_LOCATION', {
    description: 'Certificates of the authorities to trust (PEM). Without it: those of Node.js.',
    default: undefined,
    example: '/etc/ssl/registry/ca.pem'
  }),
  timeoutMs: integer('SCHEMA_REGISTRY_TIMEOUT_MS', {
    description: 'Longest wait for the answer of one call.',
    default: 5_000,
    unit: 'ms',
    min: 100,
    max: 120_000
  }),
  unknownTtlMs: integer('SCHEMA_REGISTRY_UNKNOWN_TTL_MS', {
    description: 'How long an id that the registry does not know stays unknown before it is asked again; records with it go to the dead letters meanwhile.',
    default: 30_000,
    unit: 'ms',
    min: 0,
    max: 3_600_000
  }),
  registration: oneOf('SCHEMA_REGISTRATION', ['auto', 'check', 'off'], {
    description: 'What happens at start to the schema of the output, for each subject. `auto`: it is registered. `check`: it has to be there. `off`: the latest version of the subject is written, if our records fit it.',
    default: 'auto'
  })
}
