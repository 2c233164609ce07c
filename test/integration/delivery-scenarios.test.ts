import t from 'tap'
import { DEAD_LETTER_HEADERS } from '../../src/connectors/kafka/dead-letter-stage.js'
import { DeliveryRoad, headerOf } from '../helpers/delivery-road.js'
import { startTestStack } from '../helpers/stack.js'

/** The original's end-to-end scenarios, each against real servers. A send and three retries: */
const SENDS = 4

const { kafka } = await startTestStack(t, { servers: ['kafka'], ports: 'free' })

t.test('A destination that fails repeatedly gets every event four times; then it is a dead letter and the offset passes', async t => {
  const road = await DeliveryRoad.create(t, { name: 'fails', kafka: kafka.brokers, destinations: { snowflake: { behaviour: () => 500 } } })
  const service = await road.startService()
  const [id] = await road.send(service, [['user_test_1', 'event click !!!!']])
  await road.isWorkedOff(service, 'snowflake')
  const received = road.received('snowflake')
  t.equal(received.length, SENDS)
  for (const event of received) t.match(event, { id, tenant: 'default', user_id: 'user_test_1', payload: 'event click !!!!' })
  t.strictSame(new Set(road.servers.snowflake!.received.map(({ headers }) => headers['webhook-id'])), new Set([id]), 'a receiver can tell that it is the same event')
  const [letter, ...others] = await road.deadLetters('snowflake')
  t.equal(others.length, 0)
  t.match(JSON.parse(String(letter!.value)), { id, user_id: 'user_test_1' })
  t.equal(headerOf(letter!, DEAD_LETTER_HEADERS.reason), 'ATTEMPTS_EXHAUSTED')
  t.equal(headerOf(letter!, DEAD_LETTER_HEADERS.attempts), String(SENDS))
  const metrics = await service.metrics()
  t.equal(metrics.sum('penstock_delivery_retried_total', { destination: 'snowflake' }), SENDS - 1)
  t.equal(metrics.sum('penstock_delivery_dead_letters_total', { destination: 'snowflake', code: 'ATTEMPTS_EXHAUSTED' }), 1)
  t.equal(metrics.sum('penstock_delivery_delivered_total', { destination: 'snowflake' }), 0)
  t.equal(await service.stop(), 0)
})

t.test('A destination that fails repeatedly and another that always succeeds: the other gets every event once and waits for nothing', async t => {
  const road = await DeliveryRoad.create(t, {
    name: 'both', kafka: kafka.brokers, destinations: { postgres: { behaviour: () => 503 }, bigquery: { behaviour: () => 200 } }
  })
  const service = await road.startService()
  const events = Array.from({ length: 30 }, (_, index) => [`user_${index % 5}`, String(index)] as const)
  const ids = await road.send(service, events)
  await road.isWorkedOff(service, 'bigquery')
  t.strictSame(road.received('bigquery').map(({ id }) => id).sort(), [...ids].sort())
  for (let user = 0; user < 5; user++) {
    t.strictSame(
      road.received('bigquery').filter(event => event.user_id === `user_${user}`).map(({ payload }) => payload),
      events.filter(([name]) => name === `user_${user}`).map(([, payload]) => payload), 'in the order of their coming'
    )
  }
  t.strictSame(await road.deadLetters('bigquery'), [])
  t.equal((await service.metrics()).sum('penstock_delivery_delivered_total', { destination: 'bigquery' }), ids.length)
  t.ok(await road.lag('postgres') > 0, 'the failing one is still at it')
  t.equal((await service.health('/ready')).status, 200, 'which is no reason against the process')
})

t.test('A destination that fails repeatedly with timeouts gets every event four times, each with its own time', async t => {
  const road = await DeliveryRoad.create(t, { name: 'late', kafka: kafka.brokers, destinations: { azureDataLake: { behaviour: () => () => {}, timeoutMs: 300, connectTimeoutMs: 300 } } })
  const service = await road.startService()
  const [id] = await road.send(service, [['user_test_1', 'event click !!!!']])
  await road.isWorkedOff(service, 'azureDataLake')
  t.strictSame(road.received('azureDataLake').map(event => event.id), Array.from({ length: SENDS }, () => id))
  const times = road.servers.azureDataLake!.received.map(({ at }) => at)
  for (let send = 1; send < SENDS; send++) t.ok(times[send]! - times[send - 1]! >= 290, 'the one before had its time')
  const [letter] = await road.deadLetters('azureDataLake')
  t.match(headerOf(letter!, DEAD_LETTER_HEADERS.error), /^TIMEOUT/)
  t.equal(await service.stop(), 0)
})

t.test('A destination that fails for the first request and succeeds for the next one gets the event twice, and no letter is dead', async t => {
  const road = await DeliveryRoad.create(t, { name: 'once', kafka: kafka.brokers, destinations: { redshift: { behaviour: (_request, count) => count === 1 ? 500 : 200 } } })
  const service = await road.startService()
  const ids = await road.send(service, [['user_test_1', 'first'], ['user_test_1', 'second']])
  await road.isWorkedOff(service, 'redshift')
  t.strictSame(road.received('redshift').map(({ id }) => id), [ids[0], ids[0], ids[1]], 'the next event of the user waits for the end of the one before')
  t.strictSame(await road.deadLetters('redshift'), [])
  t.equal(await service.stop(), 0)
})
