import t from 'tap'
import { ORIGIN_HEADER, parseOrigin } from '../../src/connectors/kafka/message-headers.js'
import { chooseRoutingKinds } from '../../src/generator/routing/routing-kinds.js'
import { RoutingRoad } from '../helpers/routing-road.js'
import { startTestStack } from '../helpers/stack.js'

const KINDS = chooseRoutingKinds(undefined)
const COUNT = 20 * KINDS.length

const { kafka, registry } = await startTestStack(t, { servers: ['kafka', 'registry'] })
const servers = { kafka: kafka.brokers, registry: registry.url }

t.test('every record comes to the topics of its destinations in the order of its key, every invalid one to the dead letters', async t => {
  const road = await RoutingRoad.create(t, { name: 'the-routing-road', servers })
  const service = await road.startService()
  await service.becomesReady()
  const { valid, invalidByKind } = await road.produce({ count: COUNT, invalidShare: 0.05, fanOutShare: 0.3 })
  t.same([...invalidByKind.keys()].toSorted(), KINDS.map(kind => kind.name).toSorted(), 'every kind was sent')
  await road.isWorkedOff([service])
  const { proof, problems } = await road.prove()
  t.equal(problems, '')
  t.match(proof.produced, { records: COUNT, valid, invalid: KINDS.length })
  t.ok(proof.produced.fanOut > 0)
  t.equal(proof.destinations.size, 3)
  for (const [name, { expected, found }] of proof.destinations) {
    t.equal(found, expected, name)
    t.ok(expected > 0)
  }
  t.equal(proof.order.inversions, 0)

  const metrics = await service.metrics()
  const messages = [...proof.destinations.values()].reduce((sum, { found }) => sum + found, 0)
  t.same({
    consumed: metrics.sum('penstock_consumed_records_total', { topic: 'the-routing-road' }),
    valid: metrics.sum('penstock_examined_records_total', { verdict: 'valid' }),
    invalid: metrics.sum('penstock_examined_records_total', { verdict: 'invalid' }),
    sent: metrics.sum('penstock_outcomes_total', { stage: 'topics', outcome: 'done' }),
    settled: metrics.sum('penstock_settled_records_total')
  }, { consumed: COUNT, valid, invalid: KINDS.length, sent: messages, settled: COUNT })
  t.same(metrics.by('penstock_dead_letters_total', 'code'),
    Object.fromEntries([...proof.deadLetters.byReason].map(([code, { expected }]) => [code, expected])))
  t.equal(await service.stop(), 0, 'exit code', { log: service.tail })
})

t.test('a message keeps the key and the headers of its record, and says where it comes from', async t => {
  const road = await RoutingRoad.create(t, { name: 'kept', servers })
  const service = await road.startService()
  await road.produce({ count: 30, fanOutShare: 0.5 })
  await road.isWorkedOff([service])
  const records = new Map((await road.read('kept')).map(record => [`${record.partition}:${record.offset}`, record]))
  for (const message of await road.read(road.outputTopic('FINANCE'))) {
    const headers = new Map(message.headers.map(([name, value]) => [name, String(value)]))
    const origin = parseOrigin(headers.get(ORIGIN_HEADER) ?? '')!
    const record = records.get(`${origin.partition}:${origin.offset}`)!
    t.equal(origin.topic, 'kept')
    t.equal(origin.timestamp, record.timestamp)
    t.strictSame(message.headers.slice(0, record.headers.length), record.headers)
    t.ok(record.headers.some(([name]) => name === 'traceparent'))
    t.strictSame(message.key, record.key)
  }
  t.equal(await service.stop(), 0, 'exit code', { log: service.tail })
})

t.test('with the registry down known schemas go on, an unknown id waits, and nothing is rejected for it', async t => {
  const road = await RoutingRoad.create(t, { name: 'registry-down', servers, knobs: { RETRY_BACKOFF_MAX_MS: '500' } })
  const service = await road.startService()
  await service.becomesReady()
  const produce = async (count: number) => await road.produce({ count, resume: count > 100, fanOutShare: 0.3, invalidShare: 1 / 200, invalidKinds: ['unknown-schema'] })
  await produce(100)
  await road.isWorkedOff([service])

  await registry.kill()
  await produce(199)
  await road.isWorkedOff([service])
  t.match(await service.health('/ready'), { status: 200 })
  await produce(300)
  await service.becomesUnready('validation')
  t.equal((await service.metrics()).sum('penstock_held', { stage: 'schema-registry' }), 1)
  t.equal((await service.metrics()).sum('penstock_dead_letters_total'), 0)
  t.ok(await road.lag() > 0)

  await registry.start()
  await road.isWorkedOff([service])
  await service.becomesReady()
  const { proof, problems } = await road.prove()
  t.equal(problems, '')
  t.match(proof.produced, { records: 300, invalid: 1 })
  t.equal(service.log.filter(({ message }) => message.includes('a stage is held')).length, 1, 'it said so once')
  t.equal(await service.stop(), 0, 'exit code', { log: service.tail })
})

t.test('a service that starts before its registry begins when it is there', async t => {
  const road = await RoutingRoad.create(t, { name: 'late-registry', servers })
  await road.produce({ count: 50, fanOutShare: 0.5 })
  await registry.kill()
  const service = await road.startService()
  await service.logged('a stage is held')
  t.match(await service.health('/ready'), { status: 503 })
  await registry.start()
  await road.isWorkedOff([service])
  t.equal((await road.prove()).problems, '')
  t.equal(await service.stop(), 0, 'exit code', { log: service.tail })
})

t.test('a service that waits for its registry ends when it is told to', async t => {
  const road = await RoutingRoad.create(t, { name: 'no-registry', servers })
  await registry.kill()
  const service = await road.startService()
  await service.logged('a stage is held')
  t.equal(await service.stop(), 0, 'exit code', { log: service.tail })
})
