import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { type Fault } from '../../bench/recording-endpoint/faults.js'
import { startTestStack } from '../helpers/stack.js'
import { Stopwatch } from '../helpers/stopwatch.js'
import { FaultRun } from './harness/fault-run.js'
import { parameter } from './harness/parameters.js'
import { RateMeter } from './harness/recovery.js'

const OUTAGE_MS = parameter('OUTAGE_MS', 10_000)
/** About half of what the sinks below can take: the rate of before is the load's. */
const RATE_PER_SECOND = parameter('RECOVERY_RATE', 200)
/** More than are sent before the test stops the producer. */
const MOST_EVENTS = 60_000
const RECOVERED_WITHIN_MS = parameter('RECOVERED_WITHIN_MS', 15_000)
/** Of so many the first were delivered while the process was still starting. */
const STEADY_MESSAGES = 1_000
const RATE_OVER_MS = 3_000
const PARTITIONS = 4

/** The sinks set the pace, not this machine: one call of a queue at a time, of ten messages at most. */
const PACE: readonly Fault[] = [{ operation: 'SendMessageBatch', name: 'a call takes 100 ms', delayMs: 100 }]
const KNOBS = {
  SQS_CONCURRENCY: '1',
  // Little is fetched ahead, so that without brokers there is soon nothing to do.
  MAX_IN_FLIGHT_RECORDS: '400',
  CHUNK_RECORDS: '50',
  KAFKA_QUEUED_MIN_MESSAGES: '100',
  KAFKA_QUEUED_MAX_KBYTES: '64',
  // A fetch brings at least a whole batch of each partition.
  KAFKA_PROPERTY_FETCH_MESSAGE_MAX_BYTES: '16384',
  KAFKA_PROPERTY_BATCH_SIZE: '16384',
  AWS_CONNECT_TIMEOUT_MS: '2000',
  AWS_REQUEST_TIMEOUT_MS: '2000'
}

const { kafka } = await startTestStack(t, { servers: ['kafka'] })

interface Outage {
  readonly what: string
  readonly name: string
  begin (run: FaultRun): Promise<void> | void
  end (run: FaultRun): Promise<void> | void
}

function sinkOutage (what: string, name: string, fault: Fault): Outage {
  return { what, name, begin: run => { run.arm(...PACE, { name: what, ...fault }) }, end: run => { run.arm(...PACE) } }
}

const OUTAGES: readonly Outage[] = [
  sinkOutage('the table throttles every call', 'table-throttled', { operation: 'BatchWriteItem', status: 400, error: 'ProvisionedThroughputExceededException' }),
  sinkOutage('the queues accept calls and never answer', 'queues-hang', { operation: 'SendMessageBatch', hang: 'before' }),
  { what: 'the broker stands still', name: 'broker-stopped', begin: () => { process.kill(kafka.pid ?? NaN, 'SIGSTOP') }, end: () => { process.kill(kafka.pid ?? NaN, 'SIGCONT') } },
  { what: 'the broker is killed and started again', name: 'broker-killed', begin: () => kafka.kill(), end: () => kafka.start() }
]

for (const { what, name, begin, end } of OUTAGES) {
  t.test(`when this has lasted ${OUTAGE_MS / 1_000} s, the rate of before is back within ${RECOVERED_WITHIN_MS / 1_000} s of its end: ${what}`, async t => {
    const run = await FaultRun.create(t, { name, kafka: kafka.brokers, partitions: PARTITIONS, knobs: KNOBS })
    run.arm(...PACE)
    const enough = new AbortController()
    const producing = run.produce({ count: MOST_EVENTS, ratePerSecond: RATE_PER_SECOND, signal: enough.signal })
    const service = await run.start()
    const meter = new RateMeter(t, () => run.accepted)
    await service.sees('it works steadily', () => run.accepted >= STEADY_MESSAGES && meter.rate(RATE_OVER_MS) > 0, 120_000)
    const before = meter.rate(RATE_OVER_MS)

    await begin(run)
    await delay(OUTAGE_MS)
    const during = meter.rate(RATE_OVER_MS)
    t.ok(during < before / 2, `it was felt: ${Math.round(during)} messages a second instead of ${Math.round(before)}`)
    await end(run)
    const watch = new Stopwatch()
    const recoveredMs = await meter.recovers(before, watch).catch((error: unknown) => {
      t.comment(service.tail)
      throw error
    })
    t.comment(`figures: ${what}: ${Math.round(before)} messages a second again after ${Math.round(recoveredMs)} ms`)

    t.ok(recoveredMs <= RECOVERED_WITHIN_MS, `it took ${Math.round(recoveredMs)} ms`)

    enough.abort()
    await producing
    run.heal()
    // How much is repeated is no question here: a broker's silence may end the session, a starved machine a call.
    await run.finish({ repeats: { rows: Infinity, messages: Infinity }, order: 'counted' })
    t.equal((await service.metrics()).sum('penstock_attempts_exhausted_total'), 0)
    t.equal(await service.stop(), 0, { log: service.tail })
  })
}
