import t from 'tap'
import { readEntries } from '../../src/generator/ledger.js'
import { NOT_ENOUGH_REPLICAS_AFTER_APPEND } from '../faults/harness/kafka-proxy/produce-answer.js'
import { startProxiedKafka } from '../faults/harness/kafka-proxy/proxied-kafka.js'
import { eventually } from '../helpers/eventually.js'
import { RoutingRoad } from '../helpers/routing-road.js'
import { startTestStack } from '../helpers/stack.js'

const COUNT = 60
const RATE_PER_SECOND = 20

t.test('a record that only a later acknowledgement vouches for is in the ledger without an offset, and is found by its bytes', async t => {
  const [{ registry }, { proxy, brokers }] = await Promise.all([startTestStack(t, { servers: ['registry'] }), startProxiedKafka(t)])
  const road = await RoutingRoad.create(t, {
    name: 'unlocated', servers: { kafka: brokers, registry: registry.url }, partitions: 1
  })
  const { clientId } = road.config.kafka
  let acknowledged = 0
  const producing = road.produce({ count: COUNT, ratePerSecond: RATE_PER_SECOND, onProgress: count => { acknowledged = count } })
  await eventually('some are acknowledged', () => acknowledged > 0) // until then the client sends one batch at a time
  proxy.heldAnswers.hold(clientId)
  await eventually('two answers are held back', async () => proxy.heldAnswers.count > 1)
  proxy.heldAnswers.release(NOT_ENOUGH_REPLICAS_AFTER_APPEND) // the first batch is to be sent again, and the second vouches for it
  t.match(await producing, { acknowledged: COUNT, failed: 0 })

  const written = await readEntries(road.ledger)
  const unlocated = written.filter(({ place }) => !('offset' in place))
  t.comment(`figures: ${unlocated.length} of ${COUNT} records without an offset`)
  t.ok(unlocated.length > 0 && unlocated.length < COUNT, 'some are without')
  const offsets = (await road.entries()).map(({ place }) => 'offset' in place ? place.offset : NaN)
  t.same(offsets.sort((a, b) => a - b), Array.from({ length: COUNT }, (_, offset) => offset), 'each stands at an offset of its own')

  const service = await road.startService()
  await road.isWorkedOff([service])
  t.equal((await road.prove()).problems, '')
  t.equal(await service.stop(), 0, { log: service.tail })
})
