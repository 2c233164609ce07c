import t, { type Test } from 'tap'
import { usageOf } from '../../bench/events/process-usage.js'
import { type Fault } from '../../bench/recording-endpoint/faults.js'
import { type TestService } from '../helpers/service.js'
import { startTestStack } from '../helpers/stack.js'
import { FaultRun } from './harness/fault-run.js'
import { parameter } from './harness/parameters.js'

const STALL_MS = parameter('STALL_MS', 60_000)
const STALL_EVENTS = parameter('STALL_EVENTS', 30_000)
const POISON_EVENTS = parameter('POISON_EVENTS', 20_000)
const SAMPLE_MS = 250
const MB = 1e6
/**
 * With these knobs. Node.js, the SDK and a thread for validation take about half of it; a record in flight costs several
 * times its bytes, and the new generation of the heap may grow to three times `--max-semi-space-size=32`.
 */
const CEILING_MB = 350
const KNOBS = { MAX_IN_FLIGHT_RECORDS: '4000', KAFKA_QUEUED_MAX_KBYTES: '1024', KAFKA_QUEUED_MIN_MESSAGES: '1000' }
/** Of the second half of a long stall. Over a minute only the steps of the collector would be seen, up and down. */
const MOST_SLOPE_MB_A_MINUTE = 1
const LONG_STALL_MS = 1_200_000

const { kafka } = await startTestStack(t, { servers: ['kafka'] })

const STALLS: ReadonlyArray<{ readonly what: string, readonly stage: string, readonly ms: number, readonly faults: readonly Fault[] }> = [
  { what: 'the table, and with it everything,', stage: 'table', ms: STALL_MS, faults: stall('BatchWriteItem') },
  { what: 'every queue, that of retries too,', stage: 'queues', ms: STALL_MS, faults: stall('SendMessageBatch') }
]

function stall (operation: string): Fault[] {
  return [
    { operation, name: `every other ${operation} is not answered`, hang: 'before', every: 2 },
    { operation, name: `${operation} throttles`, status: 400, error: 'ThrottlingException' }
  ]
}

for (const { what, stage, ms, faults } of STALLS) {
  t.test(`while ${what} stalls for ${ms / 1_000} s before a backlog, memory is bounded, and the process stays alive in its group`, async t => {
    const run = await FaultRun.create(t, { name: `stalled-${stage}`, kafka: kafka.brokers, knobs: { ...KNOBS, RETRY_VISIBILITY_MS: '300000', AWS_REQUEST_TIMEOUT_MS: '2000' } })
    await run.produce({ count: STALL_EVENTS, seed: 1 })
    run.arm(...faults)
    const service = await run.start()
    const rss = watchRss(t, service)
    await service.sees('it is held', async () => (await service.metrics()).sum('penstock_held', { stage }) > 0, 120_000)
    await rss.for(ms)
    const { peakMb, slopeMbAMinute } = rss.take()
    t.comment(`figures: ${what} stalled for ${ms / 1_000} s: RSS at most ${peakMb.toFixed(0)} MB, slope ${slopeMbAMinute.toFixed(1)} MB a minute in the second half`)
    t.ok(peakMb < CEILING_MB, `${peakMb} MB`)
    if (ms >= LONG_STALL_MS) t.ok(slopeMbAMinute <= MOST_SLOPE_MB_A_MINUTE, `${slopeMbAMinute} MB a minute`)
    t.match(await service.health('/live'), { status: 200 })
    t.equal((await service.metrics()).sum('penstock_rebalances_total', { event: 'lost' }), 0, 'it polled all the time')

    run.heal()
    await run.finish({ timeoutMs: 300_000, repeats: { rows: Infinity, messages: Infinity }, order: 'counted' })
    t.equal(await service.stop(), 0, { log: service.tail })
  })
}

t.test('when every record is poison and dead letters are slower than the input, the input waits and memory is bounded', async t => {
  // One letter a request, acknowledged by the disk: polls bring thousands at a time.
  const run = await FaultRun.create(t, { name: 'all-poison', kafka: kafka.brokers, knobs: { ...KNOBS, KAFKA_PROPERTY_BATCH_NUM_MESSAGES: '1' } })
  await run.produce({ count: POISON_EVENTS, seed: 1, invalidShare: 1 })
  const service = await run.start()
  const rss = watchRss(t, service)
  let mostWaiting = 0
  await service.sees('every record is settled', async () => {
    const metrics = await service.metrics()
    mostWaiting = Math.max(mostWaiting, metrics.sum('penstock_partition_in_flight_records'))
    return metrics.sum('penstock_settled_records_total') === POISON_EVENTS
  }, 300_000)
  const { peakMb } = rss.take()
  t.comment(`figures: all poison: RSS at most ${peakMb.toFixed(0)} MB, ${mostWaiting} records in flight at most`)
  t.ok(mostWaiting > Number(KNOBS.MAX_IN_FLIGHT_RECORDS) / 2, `${mostWaiting} records waited for their dead letters`)
  t.ok(mostWaiting <= Number(KNOBS.MAX_IN_FLIGHT_RECORDS), 'and no more were taken')
  t.ok(peakMb < CEILING_MB, `${peakMb} MB`)
  await run.finish({ metricsTellAll: true })
  t.equal(await service.stop(), 0, { log: service.tail })
})

interface Rss {
  /** Watches on for this long. */
  for (ms: number): Promise<void>
  /** The highest, and how it grew in the second half of what `for` watched, by least squares. */
  take (): { readonly peakMb: number, readonly slopeMbAMinute: number }
}

function watchRss (t: Test, service: TestService): Rss {
  const samples: Array<{ readonly at: number, readonly mb: number }> = []
  const pid = service.log.find(({ message }) => message === 'started')?.pid ?? NaN
  const timer = setInterval(() => { samples.push({ at: performance.now(), mb: usageOf([pid]).rssBytes / MB }) }, SAMPLE_MS)
  t.teardown(() => { clearInterval(timer) })
  let since = performance.now()
  return {
    async for (ms) {
      since = performance.now()
      await new Promise(resolve => { setTimeout(resolve, ms) })
    },
    take () {
      clearInterval(timer)
      const half = (since + performance.now()) / 2
      return { peakMb: Math.max(...samples.map(({ mb }) => mb)), slopeMbAMinute: 60_000 * slope(samples.filter(({ at }) => at >= half)) }
    }
  }
}

function slope (samples: ReadonlyArray<{ readonly at: number, readonly mb: number }>): number {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
  const [at, mb] = [mean(samples.map(sample => sample.at)), mean(samples.map(sample => sample.mb))]
  const covariance = samples.reduce((sum, sample) => sum + (sample.at - at) * (sample.mb - mb), 0)
  return covariance / samples.reduce((sum, sample) => sum + (sample.at - at) ** 2, 0)
}
