import { randomBytes } from 'node:crypto'
import t from 'tap'
import { KafkaAdmin } from '../../src/connectors/kafka/admin.js'
import { encodeEvent } from '../../src/pipelines/delivery/event.js'
import { DeliveryRoad } from '../helpers/delivery-road.js'
import { startTestStack } from '../helpers/stack.js'
import { deleteRecords } from '../faults/harness/kafka-request.js'
import { produceAt } from '../helpers/produce-at.js'

/** Where destinations begin to read, and what they say when what they would read is gone. */

const HOUR_MS = 3_600_000
const OLD_MS = 20 * HOUR_MS
/** Random, so that compression does not fit all of them into one fetch. */
const PAYLOAD_BYTES = 300
/** The next process need not wait for the one that was killed. */
const SOON_FORGOTTEN = { KAFKA_SESSION_TIMEOUT_MS: '3000' }

const { kafka } = await startTestStack(t, { servers: ['kafka'], ports: 'free' })
const port = Number(kafka.brokers.split(':')[1])

t.test('A group is given its place once', async t => {
  const road = await DeliveryRoad.create(t, { name: 'placed', kafka: kafka.brokers, partitions: 1, destinations: { member: { behaviour: () => 200, startAt: 'latest' } } })
  await produceOld(road, 3)
  const admin = await KafkaAdmin.connect(road.config.kafka, 10_000)
  t.teardown(() => admin.close())
  const placeOf = async (group: string): Promise<number | undefined> => (await admin.committed(group, 'placed', [0]))[0]?.offset
  t.equal(await admin.placeGroup('one', 'placed', [0], 'end'), 'placed')
  t.equal(await placeOf('one'), 3)
  t.equal(await admin.placeGroup('one', 'placed', [0], 'beginning'), 'kept')
  t.equal(await placeOf('one'), 3)
  t.equal(await admin.placeGroup('other', 'placed', [0], 'beginning'), 'placed')
  t.equal(await placeOf('other'), 0)

  await produceOld(road, 3)
  const service = await road.startService({ DELIVERY_PARTS: 'destinations' })
  await service.logged('partitions assigned')
  t.equal(await placeOf('placed-member'), 6)
  t.equal(await service.stop(), 0, { log: service.tail })
})

t.test('Destinations wait for a topic that is missing, say so, and miss no event once it is there, wherever they begin', async t => {
  const road = await DeliveryRoad.create(t, {
    name: 'missing', kafka: kafka.brokers, withoutTopics: true, destinations: { first: { behaviour: () => 200 }, last: { behaviour: () => 200, startAt: 'latest' } }
  })
  const service = await road.startService({ DELIVERY_PARTS: 'destinations' })
  t.match(await service.logged('a topic does not exist'), { level: 'warn', topics: ['missing'] })
  t.match(await service.health('/ready'), { status: 503, text: /kafka/ })
  t.equal((await service.health('/live')).status, 200)
  const ingest = await road.startService({ DELIVERY_PARTS: 'ingest' })
  const ids = await road.send(ingest, [['u1', ''], ['u2', '']])
  await service.becomesReady()
  for (const name of ['first', 'last']) {
    await service.sees(`${name} has them`, () => road.received(name).length >= ids.length)
    t.strictSame(new Set(road.received(name).map(({ id }) => id)), new Set(ids), name)
  }
  t.equal(await ingest.stop(), 0)
  t.equal(await service.stop(), 0, { log: service.tail })
})

t.test('A process that waits for its topic ends at once when it is told to', async t => {
  const road = await DeliveryRoad.create(t, { name: 'never', kafka: kafka.brokers, withoutTopics: true, destinations: { hooks: { behaviour: () => 200, startAt: 'latest' } } })
  const service = await road.startService({ DELIVERY_PARTS: 'destinations' })
  await service.logged('a topic does not exist')
  t.equal(await service.stop(), 0, { log: service.tail })
})

t.test('A destination that begins with what comes goes on where it was: a restart, and a loss, let it skip nothing that is there', async t => {
  const road = await DeliveryRoad.create(t, { name: 'latest', kafka: kafka.brokers, partitions: 1, destinations: { hooks: { behaviour: () => 200, startAt: 'latest' } }, knobs: SOON_FORGOTTEN })
  const ingest = await road.startService({ DELIVERY_PARTS: 'ingest' })
  await road.send(ingest, [['u', 'before it was there']])
  const first = await road.startService({ DELIVERY_PARTS: 'destinations' })
  await first.sees('the group has its place', async () => await road.lag('hooks') === 0)
  await first.kill()
  const ids = await road.send(ingest, [['u', '1'], ['u', '2'], ['u', '3']])
  await deleteRecords(port, 'latest', 0, 2)
  const second = await road.startService({ DELIVERY_PARTS: 'destinations' })
  await road.isWorkedOff(second, 'hooks')
  t.strictSame(road.received('hooks').map(({ id }) => id), ids.slice(1))
  t.equal((await second.metrics()).sum('penstock_delivery_lost_total', { destination: 'hooks' }), 1)
  t.equal(await second.stop(), 0, { log: second.tail })
  t.equal(await ingest.stop(), 0)
})

t.test('A destination that falls behind is told of before its events are deleted, and afterwards how many are lost', async t => {
  let status = 200
  const road = await DeliveryRoad.create(t, {
    name: 'losses',
    kafka: kafka.brokers,
    partitions: 1,
    destinations: { behind: { behaviour: () => status, breakerProbeMaxMs: 200 }, well: { behaviour: () => 200 } },
    knobs: SOON_FORGOTTEN
  })
  const first = await road.startService()
  await road.send(first, [['u', 'at once']])
  await road.isWorkedOff(first, 'behind', 'well')
  status = 401
  await produceOld(road, 5)
  const warning = await first.logged('so far behind that its oldest events will soon be deleted')
  t.match(warning, { level: 'warn', destination: 'behind' })
  t.ok(Number(warning.behindMs) >= OLD_MS)
  t.ok(Number(warning.lostInMs) <= 24 * HOUR_MS - OLD_MS)
  await road.isWorkedOff(first, 'well')
  const before = await first.metrics()
  t.ok(before.sum('penstock_delivery_lag_seconds', { destination: 'behind' }) >= OLD_MS / 1000)
  t.equal(before.sum('penstock_delivery_lag_seconds', { destination: 'well' }), 0)
  t.equal(before.sum('penstock_delivery_lost_total', { destination: 'behind' }), 0)
  await first.kill()

  await deleteRecords(port, 'losses', 0, 4)
  status = 200
  const second = await road.startService()
  t.match(await second.logged('records were deleted before they were read'), { level: 'error', destination: 'behind', topic: 'losses', partition: 0, offset: 1, first: 4, lost: 3 })
  await road.isWorkedOff(second, 'behind', 'well')
  t.strictSame(new Set(road.received('behind').slice(-2).map(({ id }) => id)), new Set(['evt_old_3', 'evt_old_4']), 'what is left is delivered')
  const after = await second.metrics()
  t.equal(after.sum('penstock_delivery_lost_total', { destination: 'behind' }), 3)
  t.equal(after.sum('penstock_delivery_lost_total', { destination: 'well' }), 0)
  t.strictSame(await road.deadLetters('behind'), [])
  t.equal(await second.stop(), 0, { log: second.tail })
})

t.test('Retention that overtakes a destination while it runs is counted as well, and it goes on with what is left', async t => {
  let status = 401
  const road = await DeliveryRoad.create(t, {
    name: 'overtaken',
    kafka: kafka.brokers,
    partitions: 1,
    destinations: { hooks: { behaviour: () => status, breakerProbeMaxMs: 200 } },
    knobs: { MAX_IN_FLIGHT_RECORDS: '100', CHUNK_RECORDS: '20', KAFKA_QUEUED_MIN_MESSAGES: '20', KAFKA_QUEUED_MAX_KBYTES: '64' }
  })
  await produceOld(road, 2_000)
  const service = await road.startService({ DELIVERY_PARTS: 'destinations' })
  await service.sees('its share is used up', async () => (await service.metrics()).sum('penstock_consumed_records_total') >= 60)
  await deleteRecords(port, 'overtaken', 0, 1_990)
  status = 200
  const { offset, lost } = await service.logged('records were deleted before they were read', 60_000)
  t.equal(Number(offset) + Number(lost), 1_990)
  await road.isWorkedOff(service, 'hooks')
  t.equal(new Set(road.received('hooks').map(({ id }) => id)).size, 2_000 - Number(lost), 'what it had read, and what is left')
  t.equal((await service.metrics()).sum('penstock_delivery_lost_total', { destination: 'hooks' }), Number(lost))
  t.equal(await service.stop(), 0, { log: service.tail })
})

/** Events that came hours ago. */
async function produceOld (road: DeliveryRoad, count: number): Promise<void> {
  const timestamp = Date.now() - OLD_MS
  const { topic } = road.config.delivery
  await produceAt(road.config.kafka, topic, timestamp, Array.from({ length: count }, (_, index) => ({
    key: Buffer.from(`old_${index}`),
    value: encodeEvent({ id: `evt_old_${index}`, tenant: 'default', user_id: `old_${index}`, payload: randomBytes(PAYLOAD_BYTES).toString('base64'), received_at: new Date(timestamp).toISOString() })
  })))
}
