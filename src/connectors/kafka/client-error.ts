import { type LibrdKafkaError } from 'node-rdkafka'

/** What an error event of the client means for consuming. `passing`: it reconnects or retries by itself. */
export type ClientErrorKind = 'passing' | 'blocking' | 'polled-too-late' | 'fatal'

export interface ClientError {
  readonly kind: ClientErrorKind
  readonly message: string
}

/**
 * Error events carry librdkafka's text and no code, so the text is what tells them apart.
 * https://github.com/confluentinc/librdkafka/blob/master/src/rdkafka.c: rd_kafka_err_descs
 */
const KINDS: ReadonlyMap<string, ClientErrorKind> = new Map([
  ['Local: Fatal error', 'fatal'],
  ['Local: Maximum application poll interval (max.poll.interval.ms) exceeded', 'polled-too-late'],
  ['Local: All broker connections are down', 'blocking'],
  ['Local: Authentication failure', 'blocking'],
  ['Local: SSL error', 'blocking'],
  ['Local: Unknown topic', 'blocking'],
  ['Broker: Unknown topic or partition', 'blocking'],
  ['Broker: Topic authorization failed', 'blocking'],
  ['Broker: Group authorization failed', 'blocking'],
  ['Broker: Cluster authorization failed', 'blocking']
])

export function toClientError ({ message }: Pick<LibrdKafkaError, 'message'>): ClientError {
  return { kind: KINDS.get(message) ?? 'passing', message }
}

/**
 * Why a connection failed stands in the client's log alone:
 * `[thrd:host:1/bootstrap]: host:1/bootstrap: Connect to ipv4#127.0.0.1:1 failed: Connection refused (after 0ms in state CONNECT)`
 */
export function connectionFailure (line: unknown): string | undefined {
  if (typeof line !== 'object' || line === null || !('message' in line) || !('fac' in line)) return undefined
  if (line.fac !== 'FAIL' || typeof line.message !== 'string') return undefined
  return line.message.replace(/^\[thrd:[^\]]*\]: /, '').replace(/ \(after \d+ms in state .*$/, '')
}
