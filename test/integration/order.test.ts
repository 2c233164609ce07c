import t, { type Test } from 'tap'
import { type Fault } from '../../bench/recording-endpoint/faults.js'
import { startRecordingEndpoint } from '../../bench/recording-endpoint/recording-endpoint.js'
import { type Report } from '../../bench/recording-endpoint/report.js'
import { SEND_BATCH_MAX_ENTRIES } from '../../src/connectors/sqs/limits.js'
import { EventsRoad } from '../helpers/events-road.js'
import { overtakings } from '../helpers/overtakings.js'
import { PATIENT } from '../helpers/patience.js'
import { recordingProblems } from '../helpers/recorded.js'
import { startTestStack } from '../helpers/stack.js'

const COUNT = 1_500
const PARTITIONS = 4

/** Calls end out of the order in which they began, and one entry of ten fails, never two of one call. */
const FAULTS: readonly Fault[] = [
  { operation: 'BatchWriteItem', every: 3, delayMs: 30 },
  { operation: 'BatchWriteItem', every: 7, delayMs: 70 },
  { operation: 'SendMessageBatch', every: 2, delayMs: 10 },
  { operation: 'SendMessageBatch', every: 5, delayMs: 40 },
  { operation: 'SendMessageBatch', every: 11, delayMs: 80 },
  { operation: 'SendMessageBatch', fail: { count: 1, of: 10 } }
]

const { kafka } = await startTestStack(t, { servers: ['kafka'] })

t.test('strict order: not one message is accepted before an earlier one of its group, whatever fails', async t => {
  const { report, overtaken } = await run(t, 'strict')
  t.equal(report.inversions, 0)
  t.equal(overtaken, 0)
})

t.test('batch order: only records of a failed call are let through before an earlier one, and each is counted', async t => {
  const { report, overtaken } = await run(t, 'batch')
  t.ok(report.inversions > 0, 'there was something to count')
  const { overtakers, furthest } = overtakings(report)
  t.equal(overtakers, overtaken, 'the metric counts each record that was let through')
  t.ok(furthest < SEND_BATCH_MAX_ENTRIES, `${furthest} records at most were accepted before an earlier one: those of its own call`)
})

/** Two processes; each message is sent after its row is stored, whatever the mode. */
async function run (t: Test, order: 'strict' | 'batch'): Promise<{ readonly report: Report, readonly overtaken: number }> {
  const name = `order-${order}`
  const endpoint = await startRecordingEndpoint()
  t.teardown(() => endpoint.close())
  endpoint.control({ faults: FAULTS })
  const road = await EventsRoad.create(t, {
    name, servers: { kafka: kafka.brokers, aws: endpoint.url }, partitions: PARTITIONS, knobs: { ...PATIENT, RETRY_IN_PLACE_MS: '120000', SQS_ORDER: order }
  })
  const services = await Promise.all([road.startService(), road.startService()])
  await Promise.all(services.map(service => service.ownsPartitions(owned => owned === PARTITIONS / 2)))
  await road.produce({ count: COUNT })
  await road.isWorkedOff(services)

  const report = endpoint.recorder.report(true)
  t.equal(recordingProblems(report, await road.entries(), client => `${name}-${client}.fifo`), '')
  t.equal(report.sentBeforeStored, 0)
  const failed = Object.values(report.queues).reduce((sum, queue) => sum + queue.failed, 0)
  t.ok(failed >= COUNT / 10, `${failed} entries failed`)
  const metrics = await Promise.all(services.map(service => service.metrics()))
  const sum = (metric: string, labels = {}): number => metrics.reduce((all, samples) => all + samples.sum(metric, labels), 0)
  t.equal(sum('penstock_handed_over_records_total'), 0, 'all went on in place')
  t.same(await Promise.all(services.map(service => service.stop())), [0, 0])
  return { report, overtaken: sum('penstock_overtaken_records_total', { stage: 'queues' }) }
}
