import t, { type Test } from 'tap'
import { type Fault } from '../../bench/recording-endpoint/faults.js'
import { generateRecord } from '../../src/generator/event-generator.js'
import { CLIENTS } from '../../src/generator/valid-event.js'
import { PATIENT } from '../helpers/patience.js'
import { type TestService } from '../helpers/service.js'
import { startTestStack } from '../helpers/stack.js'
import { Stopwatch } from '../helpers/stopwatch.js'
import { FaultRun } from './harness/fault-run.js'
import { hooks } from './harness/hooks/hooks.js'
import { progress, type Progressing } from './harness/progress.js'
import { APPEND_TIMES, RoutingRun } from './harness/routing-run.js'
import { ServiceClock } from './harness/service-clock.js'
import { steadyLoad } from './harness/steady-load.js'

const HOUR_MS = 3_600_000
/** An hour on, then two hours back: what the clock is ahead of the machine's. */
const JUMPS_MS = [HOUR_MS, -HOUR_MS]
const RECOVERED_WITHIN_MS = 15_000
const PARTITIONS = 4
const RATE_PER_SECOND = 200
const KNOBS = { MAX_IN_FLIGHT_RECORDS: '400', CHUNK_RECORDS: '50', COMMIT_INTERVAL_MS: '100' }
/** Short passes and rests, so that records go through the retry queue again and again; never so often that they end. */
const RETRIES = { MAX_ATTEMPTS: '100', RETRY_IN_PLACE_MS: '50', RETRY_REST_MS: '100', RETRY_BACKOFF_MAX_MS: '50' }
const CALLS = 4
/** One in so many of the first events. */
const SICK_EVERY = 50
const SICK_AMONG = 1_000
/**
 * Signed before the first answer told the time: what the table, the queues and the retry queue can have in flight, and
 * what is said to the retry queue of each sick record.
 */
const MOST_MISDATED = CALLS * (1 + CLIENTS.length) + 8 + SICK_AMONG / SICK_EVERY
const GENERATED = { seed: 1, invalidShare: 0, extraShare: 0, kinds: [] } as const

const { kafka, registry } = await startTestStack(t, { servers: ['kafka', 'registry'], kafka: { properties: APPEND_TIMES } })

t.test('K3: a wall clock that jumps an hour on, then two back, under load: calls are signed rightly again at once, what rests in the retry queue comes back, and nothing is lost, repeated or out of order', async t => {
  const run = await FaultRun.create(t, {
    name: 'clock-events',
    kafka: kafka.brokers,
    partitions: PARTITIONS,
    knobs: { ...KNOBS, ...RETRIES, ...PATIENT, DYNAMODB_CONCURRENCY: String(CALLS), SQS_CONCURRENCY: String(CALLS) }
  })
  const sick = Array.from({ length: SICK_AMONG / SICK_EVERY }, (_, index) => generateRecord(GENERATED, index * SICK_EVERY).uid ?? '')
  run.arm(...CLIENTS.map((client): Fault => ({ name: `${client} fails some`, operation: 'SendMessageBatch', queue: run.queueOf(client), fail: { uids: sick } })))
  const handedOver = (): number => run.endpoint.recorder.report(true).handedOver?.length ?? 0
  const misdated = (): number => run.endpoint.recorder.report(false).misdated
  const clock = new ServiceClock(t)
  const service = await run.start({}, hooks({ clock: clock.file }))
  await service.ownsPartitions(owned => owned === PARTITIONS)
  const stopLoad = steadyLoad(t, run, { ratePerSecond: RATE_PER_SECOND, seed: GENERATED.seed, key: 'uid' })
  await service.sees('the sick were handed over', () => handedOver() >= sick.length, 60_000)

  const refused = await jumpThrough(t, run, service, clock, misdated, async () => {
    const before = handedOver()
    await service.sees('the sick are handed over by the new clock', () => handedOver() >= before + sick.length, 60_000)
  })
  t.ok(refused[0]! > 0, 'calls were refused for the date of their signature')
  t.ok(Math.max(...refused) <= MOST_MISDATED, 'only such as left before an answer told the time', { refused })
  run.heal()
  await stopLoad()
  await run.finish({ order: 'counted', metricsTellAll: true })

  const { rows = {}, inverted = [], kept } = run.endpoint.recorder.report(true)
  const places = new Set(sick.map(uid => `${rows[uid]?.partition}:${rows[uid]?.offset}`))
  t.same(inverted.filter(({ partition, offset }) => !places.has(`${partition}:${offset}`)), [], 'only what had failed comes after later ones')
  t.match(kept[run.road.config.retry.queue], { visible: 0, hidden: 0 })
  const metrics = await service.metrics()
  t.equal(metrics.sum('penstock_dead_letters_total') + metrics.sum('penstock_possible_duplicates_total'), 0)
  t.equal(await service.stop(), 0, { log: service.tail })
})

t.test('K3: the same in the routing pipeline costs nothing', async t => {
  const run = await RoutingRun.create(t, {
    name: 'clock-routing', servers: { kafka: kafka.brokers, registry: registry.url }, partitions: PARTITIONS, knobs: KNOBS
  })
  const clock = new ServiceClock(t)
  const service = await run.start({}, hooks({ clock: clock.file }))
  await service.ownsPartitions(owned => owned === PARTITIONS)
  const stopLoad = steadyLoad(t, run, { ratePerSecond: RATE_PER_SECOND, origins: 41, fanOutShare: 0.3, invalidShare: 0.02 })
  await progress(run, PARTITIONS)
  await jumpThrough(t, run, service, clock)
  await stopLoad()
  await run.finish({ metricsTellAll: true, clockErrorMs: HOUR_MS })
  t.equal(await service.stop(), 0, { log: service.tail })
})

/** Under load. How much was counted after each jump. */
async function jumpThrough (
  t: Test, run: Progressing & { readonly name: string }, service: TestService, clock: ServiceClock, count = (): number => 0, rest = async (): Promise<void> => {}
): Promise<number[]> {
  const counts: number[] = []
  const recoveries: number[] = []
  for (const aheadMs of JUMPS_MS) {
    const before = count()
    await clock.set(service, aheadMs)
    const watch = new Stopwatch()
    await progress(run, PARTITIONS)
    recoveries.push(watch.ownMs)
    await rest()
    await service.sees('nothing is held', async () => (await service.metrics()).sum('penstock_held') === 0)
    t.equal((await service.health('/live')).status, 200)
    await service.becomesReady()
    await expectNoHours(t, service)
    counts.push(count() - before)
  }
  t.same(service.log.filter(({ level }) => level === 'error' || level === 'fatal'), [], 'no error is logged')
  t.equal((await service.metrics()).sum('penstock_rebalances_total', { event: 'assigned' }), 1, 'it stays in its group')
  t.comment(`figures: ${run.name}: ms until all partitions were committed further, per jump: ${recoveries.join(' ')}; calls refused for their date: ${counts.join(' ')}`)
  t.ok(Math.max(...recoveries) <= RECOVERED_WITHIN_MS)
  return counts
}

/** What lasts is measured by a clock that never jumps: no hour is in it, and nothing is negative. */
async function expectNoHours (t: Test, service: TestService): Promise<void> {
  const metrics = await service.metrics()
  for (const name of ['call_seconds_sum', 'validation_seconds_sum', 'commit_seconds_sum', 'held_seconds_total']) {
    const seconds = metrics.sum(`penstock_${name}`)
    t.ok(seconds >= 0 && seconds < HOUR_MS / 1_000, `${name}: ${seconds}`)
  }
  const oldest = Object.values(metrics.by('penstock_partition_oldest_unsettled_seconds', 'partition'))
  t.ok(Math.min(...oldest) >= 0 && Math.max(...oldest) < HOUR_MS / 1_000, `ages: ${oldest.join(' ')} s`)
  // This alone compares two clocks: of the record's own time, and ours. Beyond an hour ahead, it counts none.
  t.ok(metrics.sum('penstock_end_to_end_seconds_sum') >= 0)
}
