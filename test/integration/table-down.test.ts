import t from 'tap'
import { EventsRoad } from '../helpers/events-road.js'
import { startTestStack } from '../helpers/stack.js'

const COUNT = 6_000
const MAX_IN_FLIGHT = 200

t.test('a table that goes away under load and comes back is held: no attempt is burnt, nothing is lost', async t => {
  const { kafka, dynamodb, elasticmq } = await startTestStack(t, { servers: ['kafka', 'dynamodb', 'elasticmq'], dynamodb: { persistent: true } })
  const road = await EventsRoad.create(t, {
    name: 'table-down',
    servers: { kafka: kafka.brokers, dynamodb: dynamodb.endpoint, sqs: elasticmq.endpoint },
    knobs: { READY_HOLD_MS: '500', MAX_IN_FLIGHT_RECORDS: String(MAX_IN_FLIGHT), CHUNK_RECORDS: '50', DYNAMODB_CONCURRENCY: '2' }
  })
  await road.produce({ count: COUNT, invalidShare: 0.02, extraShare: 0.1 })
  const service = await road.startService()
  const written = async (): Promise<number> => (await service.metrics()).sum('penstock_outcomes_total', { stage: 'table', outcome: 'done' })
  await service.sees('some rows are written', async () => await written() > 100, 60_000)

  await dynamodb.stop()
  await service.becomesUnready('stages')
  t.ok(await written() < COUNT / 2, 'it happened in mid-stream')
  t.ok(await road.lag() > COUNT / 2, 'offsets wait')
  t.match(await service.health('/live'), { status: 200 })
  t.match(await service.logged('a stage is held'), { level: 'warn', stage: 'table' })
  const held = await service.metrics()
  t.equal(held.sum('penstock_held', { stage: 'table' }), 1)
  const unsettled = held.sum('penstock_consumed_records_total') - held.sum('penstock_settled_records_total')
  t.ok(unsettled > 0 && unsettled <= MAX_IN_FLIGHT, `the intake is paused: ${unsettled} in flight`)

  await dynamodb.start()
  await service.becomesReady()
  await road.isWorkedOff([service])
  const after = await service.metrics()
  t.equal(after.sum('penstock_held', { stage: 'table' }), 0)
  t.equal(after.sum('penstock_handed_over_records_total'), 0, 'no attempt burnt')
  t.equal(after.sum('penstock_attempts_exhausted_total'), 0)
  t.equal(after.sum('penstock_rebalances_total', { event: 'lost' }), 0, 'it stayed a member of its group')
  const { proof, problems } = await road.prove()
  t.equal(problems, '')
  t.equal(proof.deadLetters.found, COUNT * 0.02, 'none but the invalid ones')
  t.equal(await service.stop(), 0, { log: service.tail })
})
