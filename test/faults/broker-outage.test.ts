import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { PATIENT } from '../helpers/patience.js'
import { type TestService } from '../helpers/service.js'
import { startTestStack } from '../helpers/stack.js'
import { Stopwatch } from '../helpers/stopwatch.js'
import { restingCpuShare } from './harness/cpu-share.js'
import { FaultRun } from './harness/fault-run.js'
import { parameter } from './harness/parameters.js'
import { progress } from './harness/progress.js'
import { steadyLoad } from './harness/steady-load.js'

const OUTAGES = parameter('OUTAGES', 1)
const OUTAGE_MS = parameter('OUTAGE_MS', 4_000)
const RECOVERED_WITHIN_MS = 30_000
const MAX_CPU_SHARE = 0.05
const RATE_PER_SECOND = 60
const PARTITIONS = 4
const MAX_IN_FLIGHT = 500
const KNOBS = { COMMIT_INTERVAL_MS: '100', KAFKA_SESSION_TIMEOUT_MS: '6000', MAX_IN_FLIGHT_RECORDS: String(MAX_IN_FLIGHT), ...PATIENT }

const { kafka } = await startTestStack(t, { servers: ['kafka'] })

t.test('K1: with the only broker killed and restarted under load nothing is lost, and work goes on within 30 s', async t => {
  await runThrough(t, 'killed', async service => {
    await kafka.kill()
    await service.becomesUnready('kafka')
    const share = await restingCpuShare(service, { windowMs: OUTAGE_MS, limit: MAX_CPU_SHARE })
    t.ok(share < MAX_CPU_SHARE, `it took ${(100 * share).toFixed(1)} % of a core meanwhile`)
    t.equal((await service.health('/live')).status, 200)
    await kafka.start()
  })
})

t.test('K1: with the only broker stopped for longer than the session lasts, and going on, nothing is lost, and work goes on within 30 s', async t => {
  await runThrough(t, 'stopped', async () => {
    process.kill(kafka.pid ?? 0, 'SIGSTOP')
    await delay(3 * OUTAGE_MS)
    process.kill(kafka.pid ?? 0, 'SIGCONT')
  })
})

/** The same outage several times under load. */
async function runThrough (t: Test, name: string, outage: (service: TestService) => Promise<void>): Promise<void> {
  const run = await FaultRun.create(t, { name, kafka: kafka.brokers, partitions: PARTITIONS, knobs: KNOBS })
  const service = await run.start()
  await service.ownsPartitions(owned => owned === PARTITIONS)
  const stopLoad = steadyLoad(t, run, { ratePerSecond: RATE_PER_SECOND, invalidShare: 0.02, key: 'uid', mayFail: true })
  const recoveries: number[] = []
  for (let i = 0; i < OUTAGES; i++) {
    await progress(run, PARTITIONS)
    await outage(service)
    const watch = new Stopwatch()
    await progress(run, PARTITIONS)
    recoveries.push(watch.ownMs)
  }
  await stopLoad()
  // A member that the group forgot does again what was in flight, and counts no dead letter whose partition it had lost meanwhile.
  const lost = (await service.metrics()).sum('penstock_rebalances_total', { event: 'lost' })
  const most = lost * MAX_IN_FLIGHT
  await run.finish({ repeats: { rows: most, messages: most, letters: most }, order: 'exact', metricsTellAll: lost === 0 })
  t.comment(`figures: ${name}: all partitions committed further ${recoveries.join(' and ')} ms after the outage, partitions lost ${lost} times`)
  t.ok(Math.max(...recoveries) < RECOVERED_WITHIN_MS)
  await service.becomesReady()
  t.equal(await service.stop(), 0, { log: service.tail })
}
