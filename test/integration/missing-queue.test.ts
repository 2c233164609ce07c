import { ReceiveMessageCommand } from '@aws-sdk/client-sqs'
import t from 'tap'
import { RETRY_COUNT } from '../../src/connectors/sqs/retry-send-stage.js'
import { CLIENTS } from '../../src/generator/valid-event.js'
import { EventsRoad } from '../helpers/events-road.js'
import { eventually } from '../helpers/eventually.js'
import { startTestStack } from '../helpers/stack.js'

const COUNT = 800
const MISSING = 'Client_B'

t.test('the events of a client without its queue wait in the retry queue, without an attempt burnt, while the others go on', async t => {
  const { kafka, dynamodb, elasticmq } = await startTestStack(t, { servers: ['kafka', 'dynamodb', 'elasticmq'] })
  const road = await EventsRoad.create(t, {
    name: 'missing-queue',
    servers: { kafka: kafka.brokers, dynamodb: dynamodb.endpoint, sqs: elasticmq.endpoint },
    withoutQueues: [MISSING],
    knobs: { HOLD_MAX_MS: '1000', READY_HOLD_MS: '500' }
  })
  await road.produce({ count: COUNT })
  const entries = await road.entries()
  const expected = Object.fromEntries(CLIENTS.map(name => [name, entries.filter(({ client }) => client === name).length]))
  const service = await road.startService()
  t.match(await service.logged('the queue of a client can not be reached'), { client: MISSING })

  await service.sees('every record that is not held is sent, and the others are handed over', async () => {
    const metrics = await service.metrics()
    return metrics.sum('penstock_handed_over_records_total', { cause: 'hold' }) >= (expected[MISSING] ?? 0) &&
      CLIENTS.every(key => key === MISSING || metrics.sum('penstock_outcomes_total', { stage: 'queues', key, outcome: 'done' }) === expected[key])
  }, 60_000)
  await service.sees('every offset is committed', async () => await road.lag() === 0)
  await service.becomesReady() // One sick queue is no reason to take it out of service.
  const counts = await eventually('the retry queue shows a message', async () => {
    const { Messages: messages = [] } = await road.sqs.send(new ReceiveMessageCommand({
      QueueUrl: road.retryQueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 0, MessageAttributeNames: [RETRY_COUNT]
    }))
    return messages.length > 0 && messages.map(message => message.MessageAttributes?.[RETRY_COUNT]?.StringValue)
  })
  t.same(new Set(counts), new Set(['0']))

  await road.createClientQueue(MISSING)
  await road.isWorkedOff([service])
  const metrics = await service.metrics()
  t.equal(metrics.sum('penstock_handed_over_records_total', { cause: 'attempt' }), 0, 'no attempt burnt')
  t.equal(metrics.sum('penstock_dead_letters_total'), 0)
  const { problems } = await road.prove({ inversions: true })
  t.equal(problems, '')
  t.equal(await service.stop(), 0, { log: service.tail })
})
