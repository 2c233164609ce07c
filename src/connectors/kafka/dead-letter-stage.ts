import { createHash } from 'node:crypto'
import rdkafka, { type MessageHeader } from 'node-rdkafka'
import { type Flight } from '../../engine/flight.js'
import { DONE, environment, transient, type Outcome } from '../../engine/outcome.js'
import { type SourceRecord } from '../../engine/record.js'
import { type Stage } from '../../engine/stage.js'
import { type DeliveryFailure, type DeliveryProducer, type OutgoingMessage } from './delivery-producer.js'

/** Header names of a dead letter. The record's own headers stand before them, as they were. */
export const DEAD_LETTER_HEADERS = {
  reason: 'penstock-reason',
  error: 'penstock-error',
  stage: 'penstock-stage',
  attempts: 'penstock-attempts',
  topic: 'penstock-origin-topic',
  partition: 'penstock-origin-partition',
  offset: 'penstock-origin-offset',
  timestamp: 'penstock-origin-timestamp',
  firstFailureAt: 'penstock-first-failure-at',
  lastFailureAt: 'penstock-last-failure-at',
  /** Only when the record did not fit: what its value was, and why the rest is missing. */
  truncated: 'penstock-truncated',
  originalBytes: 'penstock-original-bytes',
  originalSha256: 'penstock-original-sha256'
} as const

const TRUNCATED = 'TOO_LARGE_FOR_DEAD_LETTER'
const TRUNCATED_VALUE_BYTES = 16 * 1024
const MAX_ERROR_CHARS = 1_024
const {
  ERR_MSG_SIZE_TOO_LARGE, ERR__UNKNOWN_TOPIC, ERR_UNKNOWN_TOPIC_OR_PART, ERR__UNKNOWN_PARTITION, ERR_TOPIC_AUTHORIZATION_FAILED,
  ERR_CLUSTER_AUTHORIZATION_FAILED
} = rdkafka.CODES.ERRORS

/**
 * Writes records that can not be processed to a topic: original bytes, key and headers, and in headers the reason.
 * Never answers poison: a record that does not fit is written truncated, with its size and hash.
 */
export function createDeadLetterStage<T> (options: { producer: Pick<DeliveryProducer, 'deliver'>, topic: string }): Stage<T> {
  const { producer, topic } = options
  return {
    name: 'dead-letters',
    batch: { maxRecords: 500, maxBytes: 16 * 1024 * 1024, lingerMs: 0 },
    concurrency: 4,
    orderKey: flight => `${flight.record.topic}:${flight.record.partition}`,
    bytes: flight => flight.bytes,
    run: async (flights, signal) => await unlessAborted(signal, Promise.all(flights.map(async flight => await write(producer, topic, flight))), flights.length)
  }
}

async function write<T> (producer: Pick<DeliveryProducer, 'deliver'>, topic: string, flight: Flight<T>): Promise<Outcome> {
  const headers = deadLetterHeaders(flight)
  const failure = await producer.deliver(wholeLetter(topic, flight.record, headers))
  if (failure === undefined) return DONE
  if (failure.code !== ERR_MSG_SIZE_TOO_LARGE) return outcomeOf(failure, topic)
  const second = await producer.deliver(truncatedLetter(topic, flight.record, headers))
  return second === undefined ? DONE : outcomeOf(second, topic)
}

function wholeLetter (topic: string, record: SourceRecord, headers: readonly MessageHeader[]): OutgoingMessage {
  const own = record.headers.map(([name, value]) => ({ [name]: value ?? Buffer.alloc(0) }))
  return { topic, key: record.key, value: record.value, headers: [...own, ...headers] }
}

function truncatedLetter (topic: string, { key, value }: SourceRecord, headers: readonly MessageHeader[]): OutgoingMessage {
  const names = DEAD_LETTER_HEADERS
  return {
    topic,
    key: key === null ? null : key.subarray(0, TRUNCATED_VALUE_BYTES),
    value: value === null ? null : value.subarray(0, TRUNCATED_VALUE_BYTES),
    headers: [
      ...headers,
      { [names.truncated]: TRUNCATED },
      { [names.originalBytes]: String(value?.length ?? 0) },
      { [names.originalSha256]: createHash('sha256').update(value ?? '').digest('hex') }
    ]
  }
}

function deadLetterHeaders<T> ({ record, failure, attempts }: Flight<T>): MessageHeader[] {
  const names = DEAD_LETTER_HEADERS
  return [
    { [names.reason]: failure?.code ?? 'UNKNOWN' },
    { [names.error]: (failure?.detail ?? '').slice(0, MAX_ERROR_CHARS) },
    { [names.stage]: failure?.stage ?? '' },
    { [names.attempts]: String(Math.max(1, attempts)) },
    { [names.topic]: record.topic },
    { [names.partition]: String(record.partition) },
    { [names.offset]: String(record.offset) },
    { [names.timestamp]: String(record.timestamp) },
    { [names.firstFailureAt]: new Date(failure?.firstAt ?? 0).toISOString() },
    { [names.lastFailureAt]: new Date(failure?.lastAt ?? 0).toISOString() }
  ]
}

function outcomeOf ({ code, message }: DeliveryFailure, topic: string): Outcome {
  switch (code) {
    case ERR__UNKNOWN_TOPIC:
    case ERR_UNKNOWN_TOPIC_OR_PART:
    case ERR__UNKNOWN_PARTITION:
      return environment('stage', 'NOT_FOUND', `the topic ${topic} does not exist`)
    case ERR_TOPIC_AUTHORIZATION_FAILED:
    case ERR_CLUSTER_AUTHORIZATION_FAILED:
      return environment('stage', 'ACCESS_DENIED', `no right to write to ${topic}`)
    default:
      return transient('UNKNOWN', message)
  }
}

/** What the writing comes to, or that it was given up. */
async function unlessAborted (signal: AbortSignal, writing: Promise<readonly Outcome[]>, records: number): Promise<readonly Outcome[]> {
  let giveUp = (): void => {}
  const givenUp = new Promise<readonly Outcome[]>(resolve => {
    giveUp = () => { resolve(new Array<Outcome>(records).fill(transient('ABORTED', 'given up'))) }
  })
  signal.addEventListener('abort', giveUp)
  try {
    if (signal.aborted) giveUp()
    return await Promise.race([writing, givenUp])
  } finally {
    signal.removeEventListener('abort', giveUp)
  }
}
