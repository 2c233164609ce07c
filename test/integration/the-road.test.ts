import t from 'tap'
import { chooseKinds } from '../../src/generator/invalid-kinds.js'
import { CLIENTS } from '../../src/generator/valid-event.js'
import { EventsRoad } from '../helpers/events-road.js'
import { startTestStack } from '../helpers/stack.js'

const KINDS = chooseKinds(undefined, 'kafka')
const COUNT = 2 * KINDS.length

const { kafka, dynamodb, elasticmq } = await startTestStack(t, { servers: ['kafka', 'dynamodb', 'elasticmq'] })
const servers = { kafka: kafka.brokers, dynamodb: dynamodb.endpoint, sqs: elasticmq.endpoint }

t.test('each kind of invalid record and as many valid ones end where they belong, and the metrics say so', async t => {
  const road = await EventsRoad.create(t, { name: 'the-road', servers })
  const service = await road.startService()
  await service.becomesReady()
  t.match(await service.health('/live'), { status: 200, text: 'alive' })

  const { valid, invalidByKind } = await road.produce({ count: COUNT, invalidShare: 0.5, extraShare: 0.5, key: 'client' })
  t.same([...invalidByKind.keys()].toSorted(), KINDS.map(kind => kind.name).toSorted(), 'every kind was sent')
  await road.isWorkedOff([service])
  const { proof, problems } = await road.prove()
  t.equal(problems, '')
  t.match(proof.produced, { records: COUNT, valid, invalid: KINDS.length })

  const metrics = await service.metrics()
  t.same({
    consumed: metrics.sum('penstock_consumed_records_total', { topic: 'the-road' }),
    valid: metrics.sum('penstock_examined_records_total', { verdict: 'valid' }),
    invalid: metrics.sum('penstock_examined_records_total', { verdict: 'invalid' }),
    stored: metrics.sum('penstock_outcomes_total', { stage: 'table', outcome: 'done' }),
    sent: metrics.sum('penstock_outcomes_total', { stage: 'queues', outcome: 'done' }),
    settled: metrics.sum('penstock_settled_records_total'),
    resent: metrics.sum('penstock_resent_records_total')
  }, { consumed: COUNT, valid, invalid: KINDS.length, stored: valid, sent: valid, settled: COUNT, resent: 0 })
  t.same(metrics.by('penstock_dead_letters_total', 'code'),
    Object.fromEntries([...proof.deadLetters.byReason].map(([code, { expected }]) => [code, expected])))
  for (const client of CLIENTS) {
    const sent = metrics.sum('penstock_outcomes_total', { stage: 'queues', key: client, outcome: 'done' })
    t.equal(sent, proof.messages.get(client)?.expected, `messages of ${client}`)
  }

  t.match(await service.health('/ready'), { status: 200, text: 'ready' })
  t.equal(await service.stop(), 0, 'exit code', { log: service.tail })
})
