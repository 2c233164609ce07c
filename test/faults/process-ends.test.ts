import t, { type Test } from 'tap'
import { PATIENT } from '../helpers/patience.js'
import { startTestStack } from '../helpers/stack.js'
import { type TestService } from '../helpers/service.js'
import { Stopwatch } from '../helpers/stopwatch.js'
import { type Fault } from '../../bench/recording-endpoint/faults.js'
import { FaultRun } from './harness/fault-run.js'
import { hooks, reachedIn } from './harness/hooks/hooks.js'
import { type Deed } from './harness/hooks/orders.js'
import { expulsionsOf } from './harness/rebalance-log.js'

const RATE_PER_SECOND = 500
const MAX_IN_FLIGHT = 400
const COMMIT_INTERVAL_MS = 100
/** A machine that has fallen behind works a backlog off faster than events come. */
const FASTEST_PER_SECOND = 4 * RATE_PER_SECOND
const MOST_REPEATS = MAX_IN_FLIGHT + FASTEST_PER_SECOND * COMMIT_INTERVAL_MS / 1_000
const GRACE_MS = 3_000
/** What a busy machine can be drained in. */
const LONG_GRACE_MS = 60_000
/** What the service adds for a pipeline that does not keep its own deadline, and time for a busy machine. */
const GRACE_MARGIN_MS = 8_000
/** Calls take a moment, so that at any time some are under way. */
const SLOW: readonly Fault[] = [{ operation: 'BatchWriteItem', delayMs: 30 }, { operation: 'SendMessageBatch', delayMs: 30 }]

const { kafka } = await startTestStack(t, { servers: ['kafka'] })

t.test('SIGTERM at full rate: it ends drained, with code 0, and nothing is lost or repeated', async t => {
  const { run, service, rest } = await underLoad(t, 'sigterm', { graceMs: LONG_GRACE_MS })
  t.equal(await service.stop(), 0, { log: service.tail })
  await rest()
  await run.finish()
})

t.test('a second SIGTERM ends it at once, with code 3, and what was in flight is done by the next', async t => {
  const { run, service, rest } = await underLoad(t, 'sigterm-twice')
  run.arm({ operation: 'BatchWriteItem', delayMs: 2_000 }, { operation: 'SendMessageBatch', delayMs: 2_000 })
  await service.sees('it is full', async () => run.endpoint.hits().every(({ hits }) => hits > 0) &&
    (await service.metrics()).sum('penstock_in_flight_records') >= MAX_IN_FLIGHT / 2)
  service.signal('SIGTERM')
  await service.logged('draining')
  service.signal('SIGTERM')
  const watch = new Stopwatch()
  t.equal(await service.ends(), 3, { log: service.tail })
  t.ok(watch.ownMs < GRACE_MARGIN_MS)
  run.arm(...SLOW)
  await rest()
  await finish(run)
})

for (const operation of ['BatchWriteItem', 'SendMessageBatch']) {
  t.test(`SIGTERM while ${operation} hangs: it ends by the deadline, with code 3, and commits nothing that is not acknowledged`, async t => {
    const { run, service, rest } = await underLoad(t, `sigterm-hung-${operation.toLowerCase()}`)
    run.arm({ operation, hang: true })
    await service.sees('it is full', async () => run.endpoint.hits().every(({ hits }) => hits > 0) &&
      (await service.metrics()).sum('penstock_in_flight_records') >= MAX_IN_FLIGHT / 2)
    const watch = new Stopwatch()
    t.equal(await service.stop(), 3, { log: service.tail })
    t.ok(watch.elapsedMs > GRACE_MS * 0.7 && watch.ownMs < GRACE_MS + GRACE_MARGIN_MS, `it took ${watch.ownMs} ms`)
    run.arm(...SLOW)
    await rest()
    await finish(run)
  })
}

const errors: ReadonlyArray<readonly [deed: Deed, what: string, logged: string]> = [
  ['throw', 'an error that nobody catches', 'an exception that nobody caught'],
  ['reject undefined', 'a rejection with undefined that nobody handles', 'a rejection that nobody handled'],
  ['reject {}', 'a rejection with {} that nobody handles', 'a rejection that nobody handled']
]
for (const [index, [deed, what, logged]] of errors.entries()) {
  t.test(`${what} is logged, ends it in order with code 1, and nothing is lost`, async t => {
    const { run, service, rest } = await underLoad(t, `uncaught-${index}`, { deed })
    t.equal(await service.ends(), 1, { log: service.tail })
    t.same(reachedIn(service.output).map(({ deed }) => deed), [deed])
    t.same(service.log.filter(({ level }) => level === 'fatal').map(({ message }) => message), [logged])
    t.equal(service.log.at(-1)?.message, 'ended after an error that nobody caught', 'in order')
    await rest()
    await finish(run)
  })
}

t.test('out of memory, it ends with code 1, and nothing is lost', async t => {
  const { run, service, rest } = await underLoad(t, 'out-of-memory', { deed: 'hoard' })
  t.equal(await service.ends(), 1)
  t.match(service.output, /heap out of memory/)
  await rest()
  await finish(run)
})

async function finish (run: FaultRun): Promise<void> {
  await run.road.isWorkedOff(run.services.filter(service => !service.hasExited))
  const most = MOST_REPEATS * (1 + expulsionsOf(run.services))
  await run.finish({ repeats: { rows: most, messages: most, letters: most } })
}

/** A service in the middle of its work, and what comes after its end: the next one, and the rest of the load. */
async function underLoad (t: Test, name: string, { deed, graceMs = GRACE_MS }: { readonly deed?: Deed, readonly graceMs?: number } = {}): Promise<{ run: FaultRun, service: TestService, rest: () => Promise<void> }> {
  const run = await FaultRun.create(t, {
    name,
    kafka: kafka.brokers,
    knobs: {
      MAX_IN_FLIGHT_RECORDS: String(MAX_IN_FLIGHT),
      CHUNK_RECORDS: '100',
      COMMIT_INTERVAL_MS: String(COMMIT_INTERVAL_MS),
      SHUTDOWN_GRACE_MS: String(graceMs),
      REVOKE_DRAIN_MS: String(graceMs / 2),
      ...PATIENT,
      KAFKA_SESSION_TIMEOUT_MS: '3000',
      KAFKA_GROUP_INSTANCE_ID: 'only'
    }
  })
  run.arm(...SLOW)
  const order = deed === undefined ? undefined : hooks({ at: 'after-send', nth: 40, deed, ...deed === 'hoard' ? { maxHeapMb: 128 } : {} })
  const service = await run.start({}, order)
  await service.ownsPartitions()
  const producing = run.produce({ count: 3 * RATE_PER_SECOND, ratePerSecond: RATE_PER_SECOND, invalidShare: 0.05 })
  if (deed === undefined) await service.sees('it is under load', () => run.accepted > RATE_PER_SECOND / 2)
  return {
    run,
    service,
    async rest () {
      await run.start()
      await producing
    }
  }
}
