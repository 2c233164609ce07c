import t from 'tap'
import { DEAD_LETTER_HEADERS } from '../../src/connectors/kafka/dead-letter-stage.js'
import { DeliveryRoad, headerOf } from '../helpers/delivery-road.js'
import { type ReceivedRequest } from '../helpers/destination-server.js'
import { startTestStack } from '../helpers/stack.js'

const { kafka } = await startTestStack(t, { servers: ['kafka'], ports: 'free' })

const userOf = ({ body }: ReceivedRequest): string => (JSON.parse(String(body)) as { user_id: string }).user_id
const idOf = ({ headers }: ReceivedRequest): string => String(headers['webhook-id'])

t.test('A user whose event fails waits in order, and the other users of the destination go on', async t => {
  const road = await DeliveryRoad.create(t, {
    name: 'lanes',
    kafka: kafka.brokers,
    partitions: 1,
    destinations: { hooks: { behaviour: request => userOf(request) === 'unlucky' ? 500 : 200, backoffBaseMs: 2_000, backoffMaxMs: 2_000 } }
  })
  const service = await road.startService()
  const ids = await road.send(service, [['unlucky', '0'], ['unlucky', '1'], ...Array.from({ length: 20 }, (_, index) => [`lucky_${index}`, ''] as const)])
  await service.sees('the others are delivered', () => road.received('hooks').filter(event => event.user_id !== 'unlucky').length === 20)
  t.ok(await road.lag('hooks') > 0, 'nothing is committed past the one that waits')
  await road.isWorkedOff(service, 'hooks')
  const unlucky = road.received('hooks').filter(event => event.user_id === 'unlucky').map(({ id }) => id)
  t.strictSame(unlucky, [...Array.from({ length: 4 }, () => ids[0]), ...Array.from({ length: 4 }, () => ids[1])])
  t.equal((await road.deadLetters('hooks')).length, 2)
  t.equal(await service.stop(), 0)
})

t.test('A token that is refused empties nothing into the dead letters: the destination is held until it is accepted again', async t => {
  let status = 401
  const road = await DeliveryRoad.create(t, {
    name: 'token', kafka: kafka.brokers, destinations: { hooks: { behaviour: () => status, breakerProbeMaxMs: 200 }, other: { behaviour: () => 200 } }
  })
  const service = await road.startService()
  const ids = await road.send(service, Array.from({ length: 20 }, (_, index) => [`user_${index}`, ''] as const))
  await road.isWorkedOff(service, 'other')
  t.match(await service.logged('is held'), { destination: 'hooks', code: 'CREDENTIALS' }, 'and somebody is told')
  await service.sees('it is probed', () => road.received('hooks').length > 10)
  const metrics = await service.metrics()
  t.equal(metrics.sum('penstock_delivery_held', { destination: 'hooks' }), 1)
  t.equal(metrics.sum('penstock_delivery_held', { destination: 'other' }), 0)
  t.ok(metrics.sum('penstock_delivery_lag_seconds', { destination: 'hooks' }) > 0)
  t.equal(metrics.sum('penstock_delivery_lag_seconds', { destination: 'other' }), 0)
  status = 200
  await road.isWorkedOff(service, 'hooks')
  t.strictSame(new Set(road.received('hooks').map(({ id }) => id)), new Set(ids))
  t.strictSame(await road.deadLetters('hooks'), [])
  t.equal((await service.metrics()).sum('penstock_delivery_held', { destination: 'hooks' }), 0)
  t.equal(await service.stop(), 0)
})

t.test('An event that the destination refuses is a dead letter at once, and one that it may not lose is tried for ever', async t => {
  let blocked = true
  const road = await DeliveryRoad.create(t, {
    name: 'ends',
    kafka: kafka.brokers,
    destinations: {
      refusing: { behaviour: request => userOf(request) === 'bad' ? 422 : 200 },
      patient: { behaviour: request => userOf(request) === 'bad' && blocked ? 500 : 200, onExhausted: 'block' }
    }
  })
  const service = await road.startService()
  const ids = await road.send(service, [['bad', '0'], ['good', '1'], ['bad', '2']])
  await road.isWorkedOff(service, 'refusing')
  const letters = await road.deadLetters('refusing')
  t.strictSame(letters.map(letter => [headerOf(letter, DEAD_LETTER_HEADERS.reason), headerOf(letter, DEAD_LETTER_HEADERS.attempts)]), [['REJECTED', '1'], ['REJECTED', '1']])
  t.equal(road.received('refusing').length, 3)
  await service.sees('it is sent more often than it may fail elsewhere', () => road.received('patient').filter(({ id }) => id === ids[0]).length > 8)
  t.notOk(road.received('patient').some(({ id }) => id === ids[2]), 'its user waits')
  t.ok(road.received('patient').some(({ id }) => id === ids[1]), 'others do not')
  blocked = false
  await road.isWorkedOff(service, 'patient')
  t.strictSame(await road.deadLetters('patient'), [])
  t.equal(road.received('patient').at(-1)?.id, ids[2])
  t.equal(await service.stop(), 0)
})

t.test('A process that is killed repeats what was not committed: every event arrives, in the order of its user', async t => {
  const road = await DeliveryRoad.create(t, { name: 'killed', kafka: kafka.brokers, destinations: { hooks: { behaviour: () => response => { setTimeout(() => { response.writeHead(200).end() }, 5) } } } })
  const ingest = await road.startService({ DELIVERY_PARTS: 'ingest' })
  const events = Array.from({ length: 600 }, (_, index) => [`user_${index % 20}`, String(Math.floor(index / 20))] as const)
  const ids = await road.send(ingest, events)
  let service = await road.startService({ DELIVERY_PARTS: 'destinations' })
  for (const share of [0.2, 0.5]) {
    await service.sees('a part is delivered', () => new Set(road.servers.hooks!.received.map(idOf)).size > ids.length * share)
    await service.kill()
    service = await road.startService({ DELIVERY_PARTS: 'destinations' })
  }
  await road.isWorkedOff(service, 'hooks')
  t.strictSame(new Set(road.received('hooks').map(({ id }) => id)), new Set(ids))
  for (let user = 0; user < 20; user++) {
    const first = [...new Set(road.received('hooks').filter(event => event.user_id === `user_${user}`).map(({ payload }) => Number(payload)))]
    t.strictSame(first, first.toSorted((a, b) => a - b), `user_${user}`)
  }
  t.strictSame(await road.deadLetters('hooks'), [])
  t.equal(await service.stop(), 0)
})

t.test('A process delivers to the destinations that it is told to, and only events of their tenants', async t => {
  const road = await DeliveryRoad.create(t, {
    name: 'subset', kafka: kafka.brokers, destinations: { mine: { behaviour: () => 200 }, foreign: { behaviour: () => 200, tenants: ['acme'] }, elsewhere: { behaviour: () => 200 } }
  })
  const service = await road.startService({ DELIVERY_DESTINATIONS: 'mine,foreign' })
  const ids = await road.send(service, [['u1', ''], ['u2', '']])
  await road.isWorkedOff(service, 'mine', 'foreign')
  t.strictSame(new Set(road.received('mine').map(({ id }) => id)), new Set(ids))
  t.strictSame(road.received('foreign'), [])
  t.strictSame(road.received('elsewhere'), [])
  t.equal(await service.stop(), 0)
})
