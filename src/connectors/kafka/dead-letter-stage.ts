import { createHash } from 'node:crypto'
import rdkafka, { type MessageHeader } from 'node-rdkafka'
import { type Flight } from '../../engine/flight.js'
import { DONE, transient, type Outcome } from '../../engine/outcome.js'
import { type SourceRecord } from '../../engine/record.js'
import { type Stage } from '../../engine/stage.js'
import { outcomeOfDelivery } from './delivery-outcome.js'
import { type DeliveryProducer } from './delivery-producer.js'
import { toMessageHeaders } from './message-headers.js'
import { partitionNames } from './partition-names.js'
import { type DeliveryFailure, type OutgoingMessage } from './shipment.js'

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
const { ERR_MSG_SIZE_TOO_LARGE } = rdkafka.CODES.ERRORS

/**
 * Writes records that can not be processed to a topic: original bytes, key and headers, and in headers the reason.
 * Never answers poison: a record that does not fit is written truncated, with its size and hash.
 */
export function createDeadLetterStage<T> (options: { producer: Pick<DeliveryProducer, 'deliver'>, topic: string }): Stage<T> {
  const { producer, topic } = options
  const nameOf = partitionNames()
  return {
    name: 'dead-letters',
    batch: { maxRecords: 500, maxBytes: 16 * 1024 * 1024, lingerMs: 0 },
    concurrency: 4,
    orderKey: ({ record }) => nameOf(record),
    bytes: flight => flight.bytes,
    run: async (flights, signal) => {
      const headers = flights.map(deadLetterHeaders)
      const failures = await producer.deliver(flights.map(({ record }, at) => wholeLetter(topic, record, headers[at]!)), signal)
      const outcomes = new Array<Outcome>(flights.length).fill(DONE)
      if (failures === undefined) return outcomes
      const tooLarge = [...flights.keys()].filter(at => failures[at]?.code === ERR_MSG_SIZE_TOO_LARGE)
      const again = await producer.deliver(tooLarge.map(at => truncatedLetter(topic, flights[at]!.record, headers[at]!)), signal)
      return outcomes.map((done, at) => {
        const place = tooLarge.indexOf(at)
        const failure = place < 0 ? failures[at] : again?.[place]
        return failure === undefined ? done : outcomeOf(failure, topic)
      })
    }
  }
}

/** There is no other place for a dead letter: whatever is said against it, it is tried again. */
function outcomeOf (failure: DeliveryFailure, topic: string): Outcome {
  const outcome = outcomeOfDelivery(failure, topic, 'stage')
  return outcome.class === 'poison' ? transient('UNKNOWN', outcome.detail) : outcome
}

function wholeLetter (topic: string, record: SourceRecord, headers: readonly MessageHeader[]): OutgoingMessage {
  return { topic, key: record.key, value: record.value, headers: [...toMessageHeaders(record.headers), ...headers] }
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
