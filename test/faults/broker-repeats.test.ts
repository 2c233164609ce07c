import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { generateRecord, type GeneratedRecord } from '../../src/generator/event-generator.js'
import { startTestStack } from '../helpers/stack.js'
import { FaultRun } from './harness/fault-run.js'
import { parameter } from './harness/parameters.js'

const FAR_APART = parameter('FAR_APART', 10_000)
/** Of the session too: a process that others keep from the processor is expelled late. */
const MAX_POLL_INTERVAL_MS = 10_000
/** So long the sinks hang. */
const HANG_MS = 1.5 * MAX_POLL_INTERVAL_MS
const MAX_IN_FLIGHT = 300
/** What is left of it beside the share of the retry queue. */
const CREDIT = 0.99 * MAX_IN_FLIGHT
/** Records are only asked for when there is credit for so many. */
const CHUNK_RECORDS = 100
const COUNT = 2_000
const RATE_PER_SECOND = 300

const { kafka } = await startTestStack(t, { servers: ['kafka'] })

t.test(`K13: the same uid twice in one poll, many times in one batch and ${FAR_APART} records apart is one row, of the newest record`, async t => {
  const run = await FaultRun.create(t, { name: 'same-uid', kafka: kafka.brokers, partitions: 1 })
  const records = Array.from({ length: FAR_APART + 100 }, (_, index) => generateRecord({ seed: 13, invalidShare: 0, extraShare: 0, kinds: [] }, index))
  const repeated = new Map<string, readonly number[]>([
    ['neighbours', [0, 1]],
    ['crowd', [30, 31, 33, 35, 36, 37, 40, 41, 42, 43]],
    ['far-apart', [50, FAR_APART + 50]],
    ['near-and-far', [60, 61, FAR_APART + 60, FAR_APART + 61]]
  ])
  for (const [uid, places] of repeated) for (const place of places) records[place] = ofUid(records[place] as GeneratedRecord, uid)
  await run.road.send(records, { key: 'none' })
  const service = await run.start()
  // A row that is written again by a newer record is no repetition of this service's.
  await run.finish({ repeats: { rows: [...repeated.values()].reduce((sum, places) => sum + places.length - 1, 0) }, metricsTellAll: true })
  const { rows = {} } = run.endpoint.recorder.report(true)
  for (const [uid, places] of repeated) t.match(rows[uid], { partition: 0, offset: places.at(-1) }, `the row of ${uid} is of the newest`)
  const coalesced = (await service.metrics()).sum('penstock_coalesced_records_total', { stage: 'table' })
  const writes = [...repeated.keys()].reduce((sum, uid) => sum + (rows[uid]?.writes ?? 0), 0)
  const versions = [...repeated.values()].reduce((sum, places) => sum + places.length, 0)
  t.comment(`figures: same-uid: ${versions} records of ${repeated.size} uids in ${writes} writes, ${coalesced} taken along by a newer one`)
  t.equal(writes + coalesced, versions, 'each is written, or a newer one of its batch in its place')
  t.ok(coalesced > 0, 'repeats inside a batch are written once')
  t.equal((await service.metrics()).sum('penstock_failures_total', { stage: 'table' }), 0, 'no call had one key twice, which refuses it as a whole')
})

t.test('K14: while all sinks hang for longer than the poll interval the source is paused, polls, and stays in its group', async t => {
  const run = await FaultRun.create(t, {
    name: 'hanging-sinks',
    kafka: kafka.brokers,
    partitions: 4,
    knobs: {
      KAFKA_SESSION_TIMEOUT_MS: String(MAX_POLL_INTERVAL_MS),
      KAFKA_MAX_POLL_INTERVAL_MS: String(MAX_POLL_INTERVAL_MS),
      REVOKE_DRAIN_MS: '1000',
      MAX_IN_FLIGHT_RECORDS: String(MAX_IN_FLIGHT),
      CHUNK_RECORDS: String(CHUNK_RECORDS),
      AWS_REQUEST_TIMEOUT_MS: '30000',
      // Nearly all of the credit is for records of the topic.
      RETRY_CREDIT_SHARE: '0.01'
    }
  })
  const service = await run.start()
  await service.ownsPartitions(owned => owned === 4)
  const producing = run.produce({ count: COUNT, ratePerSecond: RATE_PER_SECOND, invalidShare: 0.02, key: 'uid' })
  await service.sees('records are at every stage', () => run.accepted > COUNT / 10)
  // Every other write still passes, so that the queues have something to hang on; in the end all that is in flight hangs.
  run.arm({ operation: 'BatchWriteItem', every: 2, hang: true }, { operation: 'SendMessageBatch', hang: true })
  await producing
  const consumed = async (): Promise<number> => (await service.metrics()).sum('penstock_consumed_records_total')
  await service.sees('no chunk more has room', async () => (await service.metrics()).sum('penstock_partition_in_flight_records') > CREDIT - CHUNK_RECORDS)
  const before = await consumed()
  await delay(HANG_MS)
  t.equal(await consumed(), before, 'it is paused')
  t.ok(before < COUNT)
  const metrics = await service.metrics()
  t.equal(metrics.sum('penstock_rebalances_total', { event: 'assigned' }), 1, 'and was never expelled')
  t.equal(metrics.sum('penstock_rebalances_total', { event: 'lost' }) + metrics.sum('penstock_rebalances_total', { event: 'revoked' }), 0)
  t.equal((await service.health('/live')).status, 200)
  run.heal()
  // What hung for too long has spent an attempt, and comes back from the retry queue: late, and never accepted twice.
  await run.finish({ order: 'counted', metricsTellAll: true })
  t.equal((await service.metrics()).sum('penstock_rebalances_total', { event: 'lost' }), 0)
  t.equal(await service.stop(), 0, { log: service.tail })
})

function ofUid (record: GeneratedRecord, uid: string): GeneratedRecord {
  const event = { ...JSON.parse(String(record.value)) as Record<string, unknown>, uid }
  return { ...record, uid, value: Buffer.from(JSON.stringify(event)) }
}
