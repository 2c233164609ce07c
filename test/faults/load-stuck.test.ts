import t from 'tap'
import { PATIENT } from '../helpers/patience.js'
import { startTestStack } from '../helpers/stack.js'
import { FaultRun } from './harness/fault-run.js'

const EVENTS = 400
const PARTITIONS = 4
const STUCK_MS = 2_000

const { kafka } = await startTestStack(t, { servers: ['kafka'] })

t.test('a record that never settles is named by place and age, its partition alone commits nothing past it, and readiness is red until it settles', async t => {
  const run = await FaultRun.create(t, {
    name: 'stuck', kafka: kafka.brokers, partitions: PARTITIONS, knobs: { STUCK_PARTITION_MS: String(STUCK_MS), READY_HOLD_MS: '600000', ...PATIENT }
  })
  await run.produce({ count: EVENTS, seed: 1 })
  const entries = await run.road.entries()
  const stuck = entries.find(({ expected, place }) => expected === 'valid' && 'offset' in place && place.offset > 20)
  if (stuck?.uid === undefined || !('offset' in stuck.place)) throw new Error('no such event was produced')
  const { topic, partition, offset } = stuck.place
  /** Its lane: what must not be sent before it. */
  const waiting = entries.filter(({ client, expected, place }) =>
    expected === 'valid' && client === stuck.client && 'offset' in place && place.partition === partition && place.offset >= offset)
  run.arm({ operation: 'BatchWriteItem', name: 'leaves one row unprocessed for ever', fail: { uids: [stuck.uid] } })

  const service = await run.start()
  await service.becomesUnready('partitions')
  t.match((await service.health('/ready')).text, 'not ready: partitions')
  t.match(await service.health('/live'), { status: 200 }, 'a restart would not help')
  // On a busy machine others may be late as well, at the start.
  const lines = () => service.log.filter(({ message, ...line }) => message.includes('a record does not settle') && line['partition'] === partition && line['offset'] === offset)
  const line = await service.sees('the log names it', () => lines()[0])
  t.match(line, { level: 'error', topic, partition, offset })
  t.ok(Number(line.ageMs) > STUCK_MS, `and its age: ${String(line.ageMs)} ms`)
  t.equal(lines().length, 1, 'once')

  await service.sees('all are settled but those that must not overtake it', async () =>
    (await service.metrics()).sum('penstock_settled_records_total') === EVENTS - waiting.length)
  await service.sees('of no other partition anything is unsettled', async () => Object.values((await service.metrics()).by('penstock_partition_oldest_unsettled_seconds', 'partition')).filter(age => age > 0).length === 1)
  const metrics = await service.metrics()
  const ageSeconds = metrics.by('penstock_partition_oldest_unsettled_seconds', 'partition')
  t.ok((ageSeconds[String(partition)] ?? 0) > STUCK_MS / 1_000, `the metric says ${ageSeconds[String(partition)]} s`)
  t.equal(metrics.sum('penstock_healthy', { check: 'partitions' }), 0)
  await service.sees('its partition is committed up to it', async () => (await run.road.committed()).get(partition) === offset)
  t.equal(metrics.sum('penstock_dead_letters_total') + metrics.sum('penstock_handed_over_records_total'), 0, 'throttling burns no attempt')

  run.heal()
  await service.becomesReady()
  t.equal((await service.metrics()).sum('penstock_healthy', { check: 'partitions' }), 1)
  await run.finish({ metricsTellAll: true })
  t.equal(await service.stop(), 0, { log: service.tail })
})
