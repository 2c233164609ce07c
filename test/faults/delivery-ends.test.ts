import t, { type Test } from 'tap'
import { eventually } from '../helpers/eventually.js'
import { type TestService } from '../helpers/service.js'
import { startTestStack } from '../helpers/stack.js'
import { owns } from './harness/delivery-ownership.js'
import { DeliveryRun } from './harness/delivery-run.js'
import { hooks, type Hooks, reachedIn } from './harness/hooks/hooks.js'
import { type Point } from './harness/hooks/orders.js'
import { parameter } from './harness/parameters.js'
import { rebalanceUntilItEnds } from './harness/rebalance-until-it-ends.js'
import { steadyLoad } from './harness/steady-load.js'

/** How often each point is tried, every time at another of its calls. */
const RUNS = parameter('RUNS', 1)
const PARTITIONS = 6
const USERS = 60
const CONCURRENCY = 32
const RATE_PER_SECOND = 400
const BACKLOG = 4_000
const MAX_IN_FLIGHT = 400
const COMMIT_INTERVAL_MS = 100
/** A machine that has fallen behind works a backlog off faster than events come. */
const FASTEST_PER_SECOND = 4 * RATE_PER_SECOND
const MOST_REPEATS = MAX_IN_FLIGHT + FASTEST_PER_SECOND * COMMIT_INTERVAL_MS / 1_000
const GRACE_MS = 3_000
/** What the service adds for a pipeline that does not keep its own deadline, and time for a busy machine. */
const GRACE_MARGIN_MS = 8_000
/** As a static member that is started again has its partitions at once. */
const STATIC = { KAFKA_ASSIGNMENT_STRATEGY: 'cooperative-sticky', KAFKA_GROUP_INSTANCE_ID: 'only' }

const { kafka } = await startTestStack(t, { servers: ['kafka'], ports: 'free' })

t.test('P4: SIGTERM at full rate: it ends drained, with code 0, and nothing is lost or sent again', async t => {
  const run = await startRun(t, 'sigterm', { SHUTDOWN_GRACE_MS: '25000' })
  run.target.delayMs = 5
  await run.produce({ count: BACKLOG })
  const service = await run.start('first', STATIC)
  await service.sees('it is at full rate', () => run.delivered > BACKLOG / 10)
  t.equal(await service.stop(), 0, { log: service.tail })
  t.ok(run.delivered < BACKLOG, 'in the middle of its work', { delivered: run.delivered })
  await run.start('second', STATIC)
  await run.finish({ repeats: 0 })
})

for (const times of ['once', 'twice'] as const) {
  t.test(`P4: SIGTERM ${times} while the destination hangs: it ends ${times === 'once' ? 'by the deadline' : 'at once'}, with code 3, and commits nothing that is not answered`, async t => {
    const run = await startRun(t, `hangs-${times}`)
    const service = await run.start('first', STATIC)
    await owns(service, PARTITIONS)
    const stopLoad = steadyLoad(t, run, { ratePerSecond: RATE_PER_SECOND })
    await service.sees('it delivers', () => run.delivered > RATE_PER_SECOND / 2)
    run.target.holdAnswers('first')
    await service.sees('all its requests hang, and what was answered is committed', () => run.target.held === CONCURRENCY && isAtRest(run))
    await expectEnd(t, run, service, times)
    await eventually('what hung is given up', () => run.target.givenUp === CONCURRENCY)

    await run.start('second', STATIC)
    await stopLoad()
    await run.finish({ repeats: MOST_REPEATS })
  })
}

t.test('P4: SIGTERM while the destination refuses the credentials of all: it ends by the deadline, with code 3; nothing is committed, no event is condemned, and the next process delivers all of them', async t => {
  const run = await startRun(t, 'held')
  run.target.refusal = 401
  await run.produce({ count: 10 * USERS })
  const service = await run.start('first', STATIC)
  await service.sees('the destination is held', async () => (await service.metrics()).sum('penstock_delivery_held') === 1)
  await expectEnd(t, run, service, 'once')
  t.ok(run.target.refused > 0)
  t.equal((await run.committed()).size, 0, 'nothing was ever committed')

  run.target.refusal = undefined
  await run.start('second', STATIC)
  await run.finish({ repeats: 0 })
})

interface Strike {
  readonly point: Point
  /** It is a call of the second half of so many. */
  readonly calls: number
  /** A static member: the killed one takes its partitions again at once. */
  readonly member?: typeof STATIC
}

const strikes: readonly Strike[] = [
  { point: 'before-send', calls: 200, member: STATIC },
  { point: 'after-send', calls: 200, member: STATIC },
  { point: 'before-commit', calls: 12, member: STATIC },
  { point: 'after-commit', calls: 12, member: STATIC },
  { point: 'during-drain', calls: 1, member: STATIC },
  { point: 'during-revoke', calls: 1 }
]

for (const { point, calls, member } of strikes) {
  for (let index = 1; index <= RUNS; index++) {
    t.test(`P2: killed ${point.replace('-', ' ')}, it loses nothing, passes nothing over, keeps the order of every user, and repeats what was in flight (${index} of ${RUNS})`, async t => {
      const run = await startRun(t, `crash-${point}-${index}`)
      const during = point.startsWith('during')
      run.target.delayMs = during ? 200 : 20 // A drain meets requests under way, and the first of them ends in it.
      const nth = Math.ceil(calls / 2) + run.random.below(Math.ceil(calls / 2))
      const start = async (clientId: string, strike?: Hooks) => await run.start(clientId, member, strike)
      const killed = await start('first', hooks({ at: point, nth }))
      await owns(killed, PARTITIONS)
      const stopLoad = steadyLoad(t, run, { ratePerSecond: during ? RATE_PER_SECOND / 4 : RATE_PER_SECOND })
      if (during) {
        await killed.sees('it is under load', () => run.delivered > USERS)
        if (point === 'during-drain') killed.signal('SIGTERM')
        else await rebalanceUntilItEnds(killed, () => start('guest'), guest => guest.log.some(({ event, partitions }) => event === 'assigned' && partitions !== ''))
      }
      t.equal(await killed.ends(), point === 'during-drain' ? 3 : 1)
      t.same(reachedIn(killed.output).map(({ reached }) => reached), [point], `the kill was its ${nth}th`)

      await start('second')
      await stopLoad()
      await run.finish({ repeats: MOST_REPEATS })
      if (point === 'after-send') t.ok(run.target.taken.repeats > 0, 'what was answered and not handled is sent again')
    })
  }
}

async function startRun (t: Test, what: string, knobs: Readonly<Record<string, string>> = {}): Promise<DeliveryRun> {
  return await DeliveryRun.create(t, {
    name: `delivery-${what}`,
    kafka: kafka.brokers,
    partitions: PARTITIONS,
    users: USERS,
    destination: { concurrency: CONCURRENCY, timeoutMs: 60_000, breakerProbeMaxMs: 200 },
    knobs: {
      MAX_IN_FLIGHT_RECORDS: String(MAX_IN_FLIGHT),
      CHUNK_RECORDS: '100',
      COMMIT_INTERVAL_MS: String(COMMIT_INTERVAL_MS),
      SHUTDOWN_GRACE_MS: String(GRACE_MS),
      REVOKE_DRAIN_MS: String(GRACE_MS / 2),
      KAFKA_SESSION_TIMEOUT_MS: '6000',
      ...knobs
    }
  })
}

/** Signals a service that can not finish what it has under way. */
async function expectEnd (t: Test, run: DeliveryRun, service: TestService, times: 'once' | 'twice'): Promise<void> {
  const committed = await run.committed()
  const signalledAt = performance.now()
  service.signal('SIGTERM')
  if (times === 'twice') {
    await service.logged('draining')
    service.signal('SIGTERM')
  }
  t.equal(await service.ends(), 3, { log: service.tail })
  const tookMs = performance.now() - signalledAt
  t.ok(tookMs < (times === 'once' ? GRACE_MS + GRACE_MARGIN_MS : GRACE_MARGIN_MS), `it took ${Math.round(tookMs)} ms`)
  if (times === 'once') t.ok(tookMs > GRACE_MS * 0.7, 'it did not give up before')
  t.same(await run.committed(), committed)
}

/** No request for some time: whatever was answered is committed. */
function isAtRest ({ target: { requests } }: DeliveryRun): boolean {
  return Date.now() - (requests.at(-1)?.at ?? 0) > 10 * COMMIT_INTERVAL_MS
}
