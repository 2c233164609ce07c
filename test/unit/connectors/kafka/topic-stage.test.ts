import rdkafka from 'node-rdkafka'
import t from 'tap'
import { type DeliveryFailures, GIVEN_UP, type OutgoingMessage } from '../../../../src/connectors/kafka/shipment.js'
import { createTopicStage } from '../../../../src/connectors/kafka/topic-stage.js'
import { flightOf } from '../flights.js'

const {
  ERR_MSG_SIZE_TOO_LARGE, ERR_INVALID_RECORD, ERR__UNKNOWN_TOPIC, ERR_TOPIC_AUTHORIZATION_FAILED, ERR_CLUSTER_AUTHORIZATION_FAILED, ERR__STATE
} = rdkafka.CODES.ERRORS
const { signal } = new AbortController()

function stageOn (answer: (messages: readonly OutgoingMessage[]) => DeliveryFailures | undefined) {
  const calls: Array<readonly OutgoingMessage[]> = []
  const stage = createTopicStage<{ topic: string }>({
    producer: {
      async deliver (sent) {
        const messages = Array.from({ length: sent.length }, (_, index) => sent.at(index) as OutgoingMessage)
        calls.push(messages)
        return answer(messages)
      }
    },
    name: 'topics',
    batch: { maxRecords: 100, maxBytes: 1_000_000, lingerMs: 0 },
    concurrency: 2,
    topicOf: ({ payload }) => payload.topic,
    messageOf: ({ payload: { topic }, record: { key, value } }) => ({ topic, key, value, headers: [] })
  })
  return { stage, calls }
}

function flights (count: number) {
  return Array.from({ length: count }, (_, offset) => flightOf({ topic: 'finance' }, { record: { partition: 1, offset, key: Buffer.from('k'), value: Buffer.from(`v${offset}`) } }))
}

t.test('a call is one delivery, in the order of its records, and all are done when it is acknowledged', async t => {
  const { stage, calls } = stageOn(() => undefined)
  t.strictSame(await stage.run(flights(3), signal), [{ class: 'done' }, { class: 'done' }, { class: 'done' }])
  t.strictSame(calls.map(messages => messages.map(({ value }) => String(value))), [['v0', 'v1', 'v2']])
})

t.test('a topic is a batch key, and a partition of the source is a lane', async t => {
  const { stage } = stageOn(() => undefined)
  const [flight] = flights(1)
  t.equal(stage.batchKey?.(flight!), 'finance')
  t.equal(stage.orderKey(flight!), `${flight!.record.topic}:1`)
})

t.test('what is said of one record is not said of its neighbours, and what is wrong with a topic not of the others', async t => {
  for (const [code, outcome] of [
    [ERR_MSG_SIZE_TOO_LARGE, { class: 'poison', code: 'MESSAGE_TOO_LARGE' }],
    [ERR_INVALID_RECORD, { class: 'poison', code: 'REFUSED' }],
    [ERR__UNKNOWN_TOPIC, { class: 'environment', scope: 'key', code: 'NOT_FOUND' }],
    [ERR_TOPIC_AUTHORIZATION_FAILED, { class: 'environment', scope: 'key', code: 'ACCESS_DENIED' }],
    [ERR_CLUSTER_AUTHORIZATION_FAILED, { class: 'environment', scope: 'stage', code: 'ACCESS_DENIED' }],
    [ERR__STATE, { class: 'transient', code: 'UNKNOWN' }]
  ] as const) {
    const { stage } = stageOn(() => [undefined, { code, message: 'planted' }, undefined])
    t.match(await stage.run(flights(3), signal), [{ class: 'done' }, outcome, { class: 'done' }])
  }
})

t.test('a delivery that is given up is told so', async t => {
  const { stage } = stageOn(() => [GIVEN_UP])
  t.match(await stage.run(flights(1), signal), [{ class: 'transient', code: 'ABORTED' }])
})
