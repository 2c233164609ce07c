import { type Knob } from './knob.js'

/** librdkafka properties by their own names: https://github.com/confluentinc/librdkafka/blob/master/CONFIGURATION.md */
export type KafkaProperties = Readonly<Record<string, string>>

export interface Passthrough {
  readonly properties: KafkaProperties
  readonly problems: readonly string[]
  readonly warnings: readonly string[]
  readonly secrets: readonly string[]
}

export const PROPERTY_PREFIX = 'KAFKA_PROPERTY_'

const NEVER_LOSE = 'offsets are committed only when every record below them is settled'

/** Properties that would break a promise. */
const REFUSED: Readonly<Record<string, string>> = {
  'enable.auto.commit': NEVER_LOSE,
  'enable.auto.offset.store': NEVER_LOSE,
  'auto.commit.enable': NEVER_LOSE,
  'auto.commit.interval.ms': NEVER_LOSE,
  'isolation.level': 'records of aborted transactions must not be delivered',
  'enable.partition.eof': 'only it tells of transaction markers at the end of a partition',
  'enable.idempotence': 'dead letters are produced idempotently',
  'check.crcs': 'corrupt records must not be delivered',
  acks: 'a dead letter counts once all replicas have it',
  'request.required.acks': 'a dead letter counts once all replicas have it'
}

/** Properties that have a knob of their own: two ways to say one thing would hide which one holds. */
const OWN_KNOB: Readonly<Record<string, string>> = {
  'group.id': 'KAFKA_GROUP_ID',
  'group.instance.id': 'KAFKA_GROUP_INSTANCE_ID',
  'group.protocol': 'KAFKA_GROUP_PROTOCOL',
  'bootstrap.servers': 'KAFKA_BROKERS',
  'metadata.broker.list': 'KAFKA_BROKERS',
  'client.id': 'KAFKA_CLIENT_ID',
  'partition.assignment.strategy': 'KAFKA_ASSIGNMENT_STRATEGY',
  'security.protocol': 'KAFKA_SECURITY_PROTOCOL',
  'sasl.mechanism': 'KAFKA_SASL_MECHANISM',
  'sasl.mechanisms': 'KAFKA_SASL_MECHANISM',
  'sasl.username': 'KAFKA_SASL_USERNAME',
  'sasl.password': 'KAFKA_SASL_PASSWORD',
  'ssl.ca.location': 'KAFKA_SSL_CA_LOCATION',
  'ssl.certificate.location': 'KAFKA_SSL_CERTIFICATE_LOCATION',
  'ssl.key.location': 'KAFKA_SSL_KEY_LOCATION',
  'ssl.key.password': 'KAFKA_SSL_KEY_PASSWORD',
  'auto.offset.reset': 'KAFKA_AUTO_OFFSET_RESET',
  'session.timeout.ms': 'KAFKA_SESSION_TIMEOUT_MS',
  'max.poll.interval.ms': 'KAFKA_MAX_POLL_INTERVAL_MS',
  'queued.min.messages': 'KAFKA_QUEUED_MIN_MESSAGES',
  'queued.max.messages.kbytes': 'KAFKA_QUEUED_MAX_KBYTES',
  'message.max.bytes': 'KAFKA_MAX_MESSAGE_BYTES',
  'compression.codec': 'KAFKA_COMPRESSION',
  'compression.type': 'KAFKA_COMPRESSION',
  'linger.ms': 'KAFKA_PRODUCER_LINGER_MS',
  'queue.buffering.max.ms': 'KAFKA_PRODUCER_LINGER_MS',
  'batch.size': 'KAFKA_PRODUCER_BATCH_BYTES',
  'queue.buffering.max.kbytes': 'KAFKA_PRODUCER_QUEUE_KBYTES'
}

/** Allowed, but worth a word at every start. */
const WEAKENS: Readonly<Record<string, string>> = {
  'enable.ssl.certificate.verification': 'the brokers\' certificates may not be verified',
  'ssl.endpoint.identification.algorithm': 'the brokers\' host names may not be verified'
}

const SECRET_PROPERTY = /password|secret|\.pem$|keytab|jaas/

/** `KAFKA_PROPERTY_FETCH_MIN_BYTES=1` is the property `fetch.min.bytes`. An empty variable counts as not set. */
export function kafkaProperties (env: Readonly<Record<string, string | undefined>>, knobs: ReadonlyArray<Knob<unknown>>): Passthrough {
  const properties: Record<string, string> = {}
  const problems: string[] = []
  const warnings: string[] = []
  const secrets: string[] = []
  for (const [variable, value] of Object.entries(env)) {
    if (!variable.startsWith(PROPERTY_PREFIX) || value === undefined || value === '') continue
    const property = propertyName(variable)
    const problem = problemOf(property, knobs)
    if (problem === undefined) properties[property] = value
    else problems.push(`${variable}: ${problem}`)
    if (WEAKENS[property] !== undefined) warnings.push(`${variable}: ${WEAKENS[property]}`)
    if (isSecretProperty(property)) secrets.push(value)
  }
  return { properties, problems, warnings, secrets }
}

export function isSecretProperty (property: string): boolean {
  return SECRET_PROPERTY.test(property)
}

function propertyName (variable: string): string {
  return variable.slice(PROPERTY_PREFIX.length).toLowerCase().replaceAll('_', '.')
}

function problemOf (property: string, knobs: ReadonlyArray<Knob<unknown>>): string | undefined {
  const knob = knobs.find(({ variable }) => variable === OWN_KNOB[property])
  if (knob !== undefined) return `${property} has a variable of its own; set ${knob.variable} instead`
  const reason = REFUSED[property]
  if (reason !== undefined) return `${property} can not be changed, because ${reason}; remove it`
  if (property.endsWith('.cb') || property === 'opaque') return `${property} is set by the program; remove it`
  return undefined
}
