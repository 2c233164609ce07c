import rdkafka, { type LibrdKafkaError } from 'node-rdkafka'

/** What an error event of the client means for consuming. `passing`: it reconnects or retries by itself. */
export type ClientErrorKind = 'passing' | 'blocking' | 'polled-too-late' | 'fatal'

export interface ClientError {
  readonly kind: ClientErrorKind
  readonly message: string
}

/**
 * Error events carry librdkafka's text and no code, so the text is what tells them apart: lower case, without its origin.
 * https://github.com/confluentinc/librdkafka/blob/master/src/rdkafka.c: rd_kafka_err_descs
 */
const KINDS: ReadonlyMap<string, ClientErrorKind> = new Map([
  ['fatal error', 'fatal'],
  ['maximum application poll interval (max.poll.interval.ms) exceeded', 'polled-too-late'],
  ['all broker connections are down', 'blocking'],
  ['authentication failure', 'blocking'],
  ['ssl error', 'blocking'],
  // auto.offset.reset is error, and the committed offset is not in the log.
  ['no offset to automatically reset to', 'blocking'],
  ['unknown topic', 'blocking'],
  ['unknown topic or partition', 'blocking'],
  ['topic authorization failed', 'blocking'],
  ['group authorization failed', 'blocking'],
  ['cluster authorization failed', 'blocking']
])

const { ERRORS } = rdkafka.CODES

/** Of what a delivery report can say, that which somebody acts on. */
const DELIVERY_CODES: ReadonlyMap<string, number> = new Map([
  ['fatal error', ERRORS.ERR__FATAL],
  ['purged in queue', ERRORS.ERR__PURGE_QUEUE],
  ['purged in flight', ERRORS.ERR__PURGE_INFLIGHT],
  ['message size too large', ERRORS.ERR_MSG_SIZE_TOO_LARGE],
  ['broker failed to validate record', ERRORS.ERR_INVALID_RECORD],
  ['invalid timestamp', ERRORS.ERR_INVALID_TIMESTAMP],
  ['invalid topic', ERRORS.ERR_TOPIC_EXCEPTION],
  ['unknown topic', ERRORS.ERR__UNKNOWN_TOPIC],
  ['unknown topic or partition', ERRORS.ERR_UNKNOWN_TOPIC_OR_PART],
  ['unknown partition', ERRORS.ERR__UNKNOWN_PARTITION],
  ['topic authorization failed', ERRORS.ERR_TOPIC_AUTHORIZATION_FAILED],
  ['cluster authorization failed', ERRORS.ERR_CLUSTER_AUTHORIZATION_FAILED]
])

export function toClientError ({ message }: Pick<LibrdKafkaError, 'message'>): ClientError {
  return { kind: KINDS.get(plainText(message)) ?? 'passing', message }
}

/** The code of a failed delivery: a report carries the text alone, and says -1 for every code. */
export function deliveryCode ({ code, message }: Pick<LibrdKafkaError, 'code' | 'message'>): number {
  return DELIVERY_CODES.get(plainText(message)) ?? code
}

function plainText (message: string): string {
  return message.replace(/^(Local|Broker): /, '').toLowerCase()
}
