import { createHash } from 'node:crypto'
import rdkafka from 'node-rdkafka'
import t from 'tap'
import { createDeadLetterStage } from '../../../../src/connectors/kafka/dead-letter-stage.js'
import { type DeliveryFailure, GIVEN_UP, type OutgoingMessage } from '../../../../src/connectors/kafka/shipment.js'
import { flightOf } from '../flights.js'

const { ERR_MSG_SIZE_TOO_LARGE, ERR_UNKNOWN_TOPIC_OR_PART, ERR_TOPIC_AUTHORIZATION_FAILED, ERR__TIMED_OUT } = rdkafka.CODES.ERRORS
const BYTES = Buffer.from([0x00, 0xFF, 0xFE, 0x7B])
const { signal } = new AbortController()

function stageOn (deliver: (message: OutgoingMessage) => DeliveryFailure | undefined) {
  const messages: OutgoingMessage[] = []
  const stage = createDeadLetterStage({
    topic: 'rejected',
    producer: {
      async deliver (sent) {
        const failures = Array.from({ length: sent.length }, (_, index) => {
          const message = sent.at(index) as OutgoingMessage
          messages.push(message)
          return deliver(message)
        })
        return failures.some(failure => failure !== undefined) ? failures : undefined
      }
    }
  })
  return { stage, messages }
}

function rejected () {
  const flight = flightOf({}, {
    record: { partition: 3, offset: 41, key: Buffer.from('k'), value: BYTES, headers: [['trace', Buffer.from([1, 2])], ['trace', Buffer.from('again')]], timestamp: 1_700_000_000_000 }
  })
  flight.failure = { code: 'NOT_JSON', detail: 'malformed', stage: 'validate', firstAt: 0, lastAt: 1_000 }
  return flight
}

t.test('a dead letter has the record\'s bytes, key and headers as they were, then why and where from', async t => {
  const { stage, messages } = stageOn(() => undefined)
  t.strictSame(await stage.run([rejected()], signal), [{ class: 'done' }])
  const [message] = messages
  t.equal(message?.topic, 'rejected')
  t.strictSame([message?.key, message?.value], [Buffer.from('k'), BYTES])
  t.strictSame(message?.headers.slice(0, 2), [{ trace: '\u0001\u0002' }, { trace: 'again' }])
  t.match(Object.assign({}, ...message?.headers ?? []), {
    'penstock-reason': 'NOT_JSON',
    'penstock-error': 'malformed',
    'penstock-stage': 'validate',
    'penstock-origin-topic': 'events',
    'penstock-origin-partition': '3',
    'penstock-origin-offset': '41',
    'penstock-origin-timestamp': '1700000000000',
    'penstock-first-failure-at': '1970-01-01T00:00:00.000Z',
    'penstock-last-failure-at': '1970-01-01T00:00:01.000Z'
  })
})

t.test('a record that does not fit is written truncated, with its size and hash', async t => {
  const { stage, messages } = stageOn(() => messages.length === 1 ? { code: ERR_MSG_SIZE_TOO_LARGE, message: 'too large' } : undefined)
  t.strictSame(await stage.run([rejected()], signal), [{ class: 'done' }])
  t.match(Object.assign({}, ...messages[1]?.headers ?? []), {
    'penstock-reason': 'NOT_JSON',
    'penstock-truncated': 'TOO_LARGE_FOR_DEAD_LETTER',
    'penstock-original-bytes': '4',
    'penstock-original-sha256': createHash('sha256').update(BYTES).digest('hex')
  })
})

t.test('what is not acknowledged is never done, and each record has its own outcome', async t => {
  for (const [code, outcome] of [
    [ERR_UNKNOWN_TOPIC_OR_PART, { class: 'environment', code: 'NOT_FOUND' }],
    [ERR_TOPIC_AUTHORIZATION_FAILED, { class: 'environment', code: 'ACCESS_DENIED' }],
    [ERR__TIMED_OUT, { class: 'transient', code: 'UNKNOWN' }]
  ] as const) {
    const { stage, messages } = stageOn(() => messages.length === 2 ? { code, message: 'planted' } : undefined)
    t.match(await stage.run([rejected(), rejected(), rejected()], signal), [{ class: 'done' }, outcome, { class: 'done' }])
  }
})

t.test('a delivery that is given up is told so', async t => {
  const { stage } = stageOn(() => GIVEN_UP)
  t.match(await stage.run([rejected()], signal), [{ class: 'transient', code: 'ABORTED' }])
})
