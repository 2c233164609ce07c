import { type EventsConfig } from './load-config.js'

/**
 * SQS drops a repeated message for 5 minutes; what is sent again later than this may be delivered twice, so a record
 * must have left for the retry queue before.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/using-messagededuplicationid-property.html
 */
const LONGEST_STAY_MS = 240_000

/** What no knob can tell alone. */
export function crossCheck (config: EventsConfig, origins: ReadonlyMap<string, string>): { problems: string[], warnings: string[] } {
  const isSet = (variable: string): boolean => origins.get(variable) !== undefined && origins.get(variable) !== 'default'
  return {
    problems: [...limitProblems(config), ...securityProblems(config, isSet), ...namingProblems(config)],
    warnings: warningsOf(config, isSet)
  }
}

/** Pairs of which the first may not exceed the second. */
function limitProblems ({ flow, kafka, validation, retry, aws, process, service }: EventsConfig): string[] {
  const pairs: ReadonlyArray<readonly [string, number, string, number, string]> = [
    ['CHUNK_RECORDS', flow.chunkRecords, 'MAX_IN_FLIGHT_RECORDS', flow.maxInFlightRecords, 'one poll must fit into the credit'],
    ['MAX_RECORD_BYTES', validation.maxRecordBytes, 'MAX_IN_FLIGHT_BYTES', flow.maxInFlightBytes, 'one record must fit into the credit'],
    ['COMMIT_EVERY_RECORDS', flow.commitEveryRecords, 'MAX_UNCOMMITTED_SPAN', flow.maxUncommittedSpan, 'a commit must be due before the span is full'],
    ['REVOKE_DRAIN_MS', flow.revokeDrainMs, 'SHUTDOWN_GRACE_MS', flow.shutdownGraceMs, 'shutting down includes a revocation'],
    ['REVOKE_DRAIN_MS', flow.revokeDrainMs * 2, 'KAFKA_MAX_POLL_INTERVAL_MS', kafka.maxPollIntervalMs, 'twice the drain must fit between two polls'],
    ['KAFKA_SESSION_TIMEOUT_MS', kafka.sessionTimeoutMs, 'KAFKA_MAX_POLL_INTERVAL_MS', kafka.maxPollIntervalMs, 'librdkafka refuses it otherwise'],
    ['VALIDATION_TIMEOUT_MS', validation.timeoutMs, 'VALIDATION_RETRY_TIMEOUT_MS', validation.retryTimeoutMs, 'the second chance must not be shorter than the first'],
    ['RETRY_BACKOFF_BASE_MS', retry.backoffBaseMs, 'RETRY_BACKOFF_MAX_MS', retry.backoffMaxMs, 'the first wait is the shortest'],
    ['AWS_CONNECT_TIMEOUT_MS', aws.connectTimeoutMs, 'AWS_REQUEST_TIMEOUT_MS', aws.requestTimeoutMs, 'a call includes its connection'],
    ['AWS_REQUEST_TIMEOUT_MS', aws.requestTimeoutMs * 2, 'RETRY_VISIBILITY_MS', retry.visibilityMs, 'a message must stay hidden for two calls']
  ]
  const problems = pairs
    .filter(([, low, , high]) => low > high)
    .map(([lowName, low, highName, high, why]) => `${lowName}: ${low} is above ${highName} (${high}), but ${why}; for example ${highName}=${low}`)
  if (retry.holdMaxMs + retry.inPlaceMs > LONGEST_STAY_MS) {
    problems.push(`HOLD_MAX_MS: with RETRY_IN_PLACE_MS it is above ${LONGEST_STAY_MS} ms, but SQS forgets a message after 5 minutes; for example HOLD_MAX_MS=120000`)
  }
  if (service.adminPort !== 0 && service.adminPort + process.processes - 1 > 65_535) {
    problems.push(`ADMIN_PORT: process i uses ADMIN_PORT + i, and ${process.processes} processes do not fit below 65535; for example ADMIN_PORT=9400`)
  }
  return problems
}

function securityProblems ({ kafka }: EventsConfig, isSet: (variable: string) => boolean): string[] {
  const problems: string[] = []
  if (kafka.securityProtocol.startsWith('sasl_')) {
    const why = isSet('KAFKA_SECURITY_PROTOCOL')
      ? `KAFKA_SECURITY_PROTOCOL is ${kafka.securityProtocol}`
      : `KAFKA_SECURITY_PROTOCOL is ${kafka.securityProtocol} by default for brokers elsewhere; set it to plaintext if that is what they speak`
    if (kafka.saslUsername === undefined) problems.push(`KAFKA_SASL_USERNAME: is not set, but ${why}; for example KAFKA_SASL_USERNAME=penstock`)
    if (kafka.saslPassword === undefined) problems.push(`KAFKA_SASL_PASSWORD: is not set, but ${why}; for example KAFKA_SASL_PASSWORD_FILE=/run/secrets/kafka_sasl_password`)
  } else if (kafka.saslUsername !== undefined || kafka.saslPassword !== undefined) {
    problems.push(`KAFKA_SECURITY_PROTOCOL: ${kafka.securityProtocol} does not log in, but KAFKA_SASL_USERNAME or KAFKA_SASL_PASSWORD is set; for example KAFKA_SECURITY_PROTOCOL=sasl_ssl`)
  }
  if ((kafka.sslCertificateLocation === undefined) !== (kafka.sslKeyLocation === undefined)) {
    problems.push('KAFKA_SSL_CERTIFICATE_LOCATION: a certificate and its key go together; for example KAFKA_SSL_CERTIFICATE_LOCATION=/etc/ssl/kafka/client.pem KAFKA_SSL_KEY_LOCATION=/etc/ssl/kafka/client.key')
  }
  return problems
}

function namingProblems ({ events, sqs }: EventsConfig): string[] {
  const problems: string[] = []
  if (events.deadLetterTopic === events.topic) {
    problems.push(`DEAD_LETTER_TOPIC: is the topic the events come from; for example DEAD_LETTER_TOPIC=${events.topic}.dead-letters`)
  }
  const strangers = Object.keys(sqs.queueUrls).filter(client => !events.clients.includes(client))
  if (strangers.length > 0) {
    problems.push(`SQS_QUEUE_URLS: names ${strangers.join(', ')}, not in EVENTS_CLIENTS; for example EVENTS_CLIENTS=${[...events.clients, ...strangers].join(',')}`)
  }
  return problems
}

function warningsOf ({ kafka, sqs }: EventsConfig, isSet: (variable: string) => boolean): string[] {
  const warnings: string[] = []
  if (kafka.groupProtocol === 'classic' && kafka.assignmentStrategy === 'cooperative-sticky' && kafka.groupInstanceId !== undefined) {
    warnings.push('KAFKA_GROUP_INSTANCE_ID: a static member that dies while it gives partitions back, and is back within KAFKA_SESSION_TIMEOUT_MS, leaves them without an owner until the next rebalance; KAFKA_ASSIGNMENT_STRATEGY=range does not')
  }
  if (kafka.groupProtocol === 'consumer') {
    if (isSet('KAFKA_ASSIGNMENT_STRATEGY')) warnings.push('KAFKA_ASSIGNMENT_STRATEGY has no effect with KAFKA_GROUP_PROTOCOL=consumer: the broker decides (group.consumer.assignors)')
    if (isSet('KAFKA_SESSION_TIMEOUT_MS')) warnings.push('KAFKA_SESSION_TIMEOUT_MS is not told to the broker with KAFKA_GROUP_PROTOCOL=consumer, which decides (group.consumer.session.timeout.ms); set both alike, for it still says when a process that slept must poll before it sends')
  }
  if (kafka.securityProtocol.endsWith('plaintext') && kafka.sslCaLocation !== undefined) {
    warnings.push(`KAFKA_SSL_CA_LOCATION has no effect with KAFKA_SECURITY_PROTOCOL=${kafka.securityProtocol}`)
  }
  if (kafka.securityProtocol === 'sasl_plaintext') warnings.push('KAFKA_SECURITY_PROTOCOL=sasl_plaintext sends records, and with PLAIN the password, unencrypted')
  if (sqs.order === 'strict' && isSet('RETRY_QUEUE')) warnings.push('RETRY_QUEUE has no effect with SQS_ORDER=strict: a failed record stays in place')
  return warnings
}
