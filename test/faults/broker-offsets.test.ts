import t, { type Test } from 'tap'
import { LedgerWriter } from '../../src/generator/ledger.js'
import { readEnds } from '../../src/proof/read-ends.js'
import { startTestStack } from '../helpers/stack.js'
import { FaultRun } from './harness/fault-run.js'
import { deleteRecords } from './harness/kafka-request.js'
import { deleteTopic, replaceTopic } from './harness/delete-topic.js'

const COUNT = 300
const PARTITIONS = 2
const { kafka } = await startTestStack(t, { servers: ['kafka'] })
const port = Number(kafka.brokers.split(':')[1])

for (const reset of ['earliest', 'latest'] as const) {
  t.test(`K12: a committed offset that fell off the log is an alarm that names what is lost, with ${reset}`, async t => {
    const run = await FaultRun.create(t, { name: `fell-off-${reset}`, kafka: kafka.brokers, partitions: 1, knobs: { KAFKA_AUTO_OFFSET_RESET: reset } })
    const { road, name } = run
    const first = await run.start()
    // With `latest` the group begins where the topic ends by now.
    await first.sees('the group has a place in the topic', async () => (await road.committed()).has(0))
    await run.produce({ count: COUNT })
    await road.isWorkedOff([first])
    t.equal(await first.stop(), 0, { log: first.tail })
    await run.produce({ count: 2 * COUNT, resume: true })
    // Retention takes a part of what was not read.
    const gone = 100
    await deleteRecords(port, name, 0, COUNT + gone)
    const lost = reset === 'earliest' ? gone : COUNT

    const second = await run.start()
    const alarm = await second.logged('records were deleted before they were read')
    t.match(alarm, { level: 'error', topic: name, partition: 0, offset: COUNT, first: COUNT + lost, lost })
    await forget(run, offset => offset >= COUNT && offset < COUNT + lost)
    await run.finish()
    t.equal((await second.metrics()).sum('penstock_lost_offsets_total', { topic: name }), lost)
    t.equal((await second.health('/ready')).status, 200)
  })
}

t.test('K12: retention that overtakes a paused partition is an alarm as well', async t => {
  const run = await FaultRun.create(t, {
    name: 'overtaken', kafka: kafka.brokers, partitions: 1, knobs: { MAX_IN_FLIGHT_RECORDS: '100', CHUNK_RECORDS: '20', KAFKA_QUEUED_MIN_MESSAGES: '20', KAFKA_QUEUED_MAX_KBYTES: '64' }
  })
  await run.produce({ count: 20 * COUNT })
  run.arm({ operation: 'BatchWriteItem', status: 503, error: 'ServiceUnavailable' })
  const service = await run.start()
  await service.sees('its credit is used up and the table is held', async () => {
    const metrics = await service.metrics()
    return metrics.sum('penstock_in_flight_records') >= 50 && metrics.sum('penstock_held', { stage: 'table' }) === 1
  })
  const end = 20 * COUNT
  const low = end - COUNT
  await deleteRecords(port, run.name, 0, low)
  run.heal()
  const alarm = await service.logged('records were deleted before they were read')
  const at = Number(alarm.offset)
  t.match(alarm, { partition: 0, first: low, lost: low - at })
  await forget(run, offset => offset >= at && offset < low)
  await run.finish()
  t.equal((await service.metrics()).sum('penstock_lost_offsets_total'), low - at)
})

for (const when of ['later', 'at once'] as const) {
  for (const [how, count] of [['shorter', COUNT], ['longer', 3 * COUNT]] as const) {
    t.test(`K12, K15: a topic that is created again ${when}, and is ${how} than before, is read from its beginning by the process that read the former one`, async t => {
      await createAgain(t, when, `created-again-${when.replace(' ', '-')}-${how}`, count)
    })
  }
}

async function createAgain (t: Test, when: 'later' | 'at once', name: string, count: number): Promise<void> {
  const run = await FaultRun.create(t, { name, kafka: kafka.brokers, partitions: PARTITIONS })
  const { road } = run
  const service = await run.start()
  await run.produce({ count: 2 * COUNT, seed: 1 })
  await road.isWorkedOff([service])
  const former = await road.entries()
  if (when === 'at once') {
    await replaceTopic(road.config.kafka, name, PARTITIONS)
  } else {
    await deleteTopic(road.config.kafka, name)
    await service.becomesUnready('kafka')
    await service.logged('a topic does not exist')
    await road.createSourceTopic()
  }
  await run.produce({ count, seed: 2 })
  const latter = await road.entries()
  await service.sees('everything new has arrived', () => run.accepted === 2 * COUNT + count, 60_000)
  await road.isWorkedOff([service])
  const metrics = await service.metrics()
  // Either it saw the topic missing, and lost its partitions, or another one in its place.
  const replaced = metrics.sum('penstock_replaced_logs_total', { topic: name })
  const lost = metrics.sum('penstock_rebalanced_partitions_total', { event: 'lost' })
  t.comment(`figures: ${name}: partitions replaced ${replaced}, lost ${lost}`)
  t.ok(replaced + lost >= PARTITIONS, 'and it said so')
  const rows = run.endpoint.recorder.report(true).rows ?? {}
  t.equal(Object.keys(rows).length, former.length + latter.length, 'every record of both has its row')
  t.same(latter.filter(({ uid = '' }) => rows[uid]?.writes !== 1), [])
  await service.becomesReady()
  t.equal(await service.stop(), 0, { log: service.tail })
  t.same((await readEnds(road.config.kafka, name, name)).filter(({ end, committed = 0 }) => committed !== end), [], 'and the group stands at its end')
}

/** Takes records out of the ledger that nobody can be asked for any more. */
async function forget (run: FaultRun, isGone: (offset: number) => boolean): Promise<void> {
  const entries = await run.road.entries()
  await writeLedger(run, entries.filter(({ place }) => !('offset' in place) || !isGone(place.offset)))
}

async function writeLedger (run: FaultRun, entries: Awaited<ReturnType<FaultRun['road']['entries']>>): Promise<void> {
  const ledger = await LedgerWriter.create(run.road.ledger, {})
  for (const entry of entries) ledger.append(entry)
  await ledger.close()
}
