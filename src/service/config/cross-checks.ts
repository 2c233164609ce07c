import { type EventsConfig, type PipelineConfig, type RoutingConfig } from './load-config.js'

export interface Findings {
  readonly problems: readonly string[]
  readonly warnings: readonly string[]
}

/** Whether a variable was set, other than having its default. */
export type IsSet = (variable: string) => boolean

/** A variable whose value may not exceed that of another, and why. */
export type Limit = readonly [variable: string, value: number, other: string, most: number, why: string]

/** What no knob can tell alone, in every pipeline. */
export function crossCheckCommon (config: PipelineConfig, isSet: IsSet): Findings {
  return {
    problems: [...limitProblems(commonLimits(config)), ...portProblems(config), ...securityProblems(config, isSet)],
    warnings: kafkaWarnings(config, isSet)
  }
}

export function limitProblems (limits: readonly Limit[]): string[] {
  return limits
    .filter(([, value, , most]) => value > most)
    .map(([variable, value, other, most, why]) => `${variable}: ${value} is above ${other} (${most}), but ${why}; for example ${other}=${value}`)
}

/** Of a pipeline that examines records in threads, and whose retries have the same limits for all of them. */
export function retryLimits ({ validation, retry }: EventsConfig | RoutingConfig): Limit[] {
  return [
    ['VALIDATION_TIMEOUT_MS', validation.timeoutMs, 'VALIDATION_RETRY_TIMEOUT_MS', validation.retryTimeoutMs, 'the second chance must not be shorter than the first'],
    ['RETRY_BACKOFF_BASE_MS', retry.backoffBaseMs, 'RETRY_BACKOFF_MAX_MS', retry.backoffMaxMs, 'the first wait is the shortest']
  ]
}

function commonLimits ({ flow, kafka, validation }: PipelineConfig): Limit[] {
  return [
    ['CHUNK_RECORDS', flow.chunkRecords, 'MAX_IN_FLIGHT_RECORDS', flow.maxInFlightRecords, 'one poll must fit into the credit'],
    ['MAX_RECORD_BYTES', validation.maxRecordBytes, 'MAX_IN_FLIGHT_BYTES', flow.maxInFlightBytes, 'one record must fit into the credit'],
    ['COMMIT_EVERY_RECORDS', flow.commitEveryRecords, 'MAX_UNCOMMITTED_SPAN', flow.maxUncommittedSpan, 'a commit must be due before the span is full'],
    ['REVOKE_DRAIN_MS', flow.revokeDrainMs, 'SHUTDOWN_GRACE_MS', flow.shutdownGraceMs, 'shutting down includes a revocation'],
    ['REVOKE_DRAIN_MS', flow.revokeDrainMs * 2, 'KAFKA_MAX_POLL_INTERVAL_MS', kafka.maxPollIntervalMs, 'twice the drain must fit between two polls'],
    ['KAFKA_SESSION_TIMEOUT_MS', kafka.sessionTimeoutMs, 'KAFKA_MAX_POLL_INTERVAL_MS', kafka.maxPollIntervalMs, 'librdkafka refuses it otherwise']
  ]
}

function portProblems ({ service, process }: PipelineConfig): string[] {
  if (service.adminPort === 0 || service.adminPort + process.processes - 1 <= 65_535) return []
  return [`ADMIN_PORT: process i uses ADMIN_PORT + i, and ${process.processes} processes do not fit below 65535; for example ADMIN_PORT=9400`]
}

function securityProblems ({ kafka }: PipelineConfig, isSet: IsSet): string[] {
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

function kafkaWarnings ({ kafka }: PipelineConfig, isSet: IsSet): string[] {
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
  return warnings
}
