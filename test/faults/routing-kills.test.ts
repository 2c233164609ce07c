import t from 'tap'
import { startTestStack } from '../helpers/stack.js'
import { Stopwatch } from '../helpers/stopwatch.js'
import { parameter } from './harness/parameters.js'
import { expulsionsOf } from './harness/rebalance-log.js'
import { RateMeter } from './harness/recovery.js'
import { APPEND_TIMES, RoutingRun } from './harness/routing-run.js'
import { steadyLoad } from './harness/steady-load.js'

const KILLS = parameter('KILLS', 10)
const EVENTS = parameter('EVENTS', 50_000)
const RATE_PER_SECOND = parameter('RATE', 2_000)
const MAX_IN_FLIGHT = 1_000
const COMMIT_INTERVAL_MS = 100
/** Per partition: what settles above a record that waits counts toward it, and a kill repeats it too. */
const MAX_UNCOMMITTED_SPAN = 350
const FAN_OUT_SHARE = 0.2
/** Of any kill: records that were in flight, and those that were settled since the last commit, or above an older one that was not. */
const MOST_REPEATS = 2_000
const MOST_MESSAGES = 3 * MOST_REPEATS
const RECOVERY_MS = 15_000
/** The rate before a kill is that of this long. */
const BEFORE_MS = 1_000

const { kafka, registry } = await startTestStack(t, { servers: ['kafka', 'registry'], kafka: { properties: APPEND_TIMES } })

t.test(`P1: killed ${KILLS} times at random under ${RATE_PER_SECOND} records a second, it loses none at any destination, keeps the order per key, and repeats what was in flight`, async t => {
  const run = await RoutingRun.create(t, {
    name: 'routing-kills',
    servers: { kafka: kafka.brokers, registry: registry.url },
    knobs: {
      MAX_IN_FLIGHT_RECORDS: String(MAX_IN_FLIGHT),
      COMMIT_INTERVAL_MS: String(COMMIT_INTERVAL_MS),
      COMMIT_EVERY_RECORDS: String(MAX_UNCOMMITTED_SPAN),
      MAX_UNCOMMITTED_SPAN: String(MAX_UNCOMMITTED_SPAN),
      CHUNK_RECORDS: '100',
      KAFKA_SESSION_TIMEOUT_MS: '3000'
    }
  })
  const start = async (member: string) => await run.start({ KAFKA_GROUP_INSTANCE_ID: member })
  const [first, second] = await Promise.all([start('first'), start('second')])
  await Promise.all([first, second].map(service => service.ownsPartitions()))
  const meter = new RateMeter(t, () => run.delivered)
  let produced = 0
  const stopLoad = steadyLoad(t, run, {
    ratePerSecond: RATE_PER_SECOND, origins: 41, fanOutShare: FAN_OUT_SHARE, invalidShare: 0.05, onProgress: acknowledged => { produced = acknowledged }
  })

  const killedAt: number[] = []
  const recoveries: number[] = []
  let service = first
  for (let kill = 0; kill < KILLS; kill++) {
    const at = Math.round(EVENTS * (kill + run.random.fraction()) / KILLS)
    await service.sees(`${at} messages are delivered`, () => run.delivered >= at, 120_000)
    // A backlog is worked off faster than records come: that is no rate to come back to.
    const before = Math.min(meter.rate(BEFORE_MS), RATE_PER_SECOND)
    killedAt.push(Date.now())
    const watch = new Stopwatch()
    await service.kill()
    // At first the other member takes over, from then on the killed one comes back.
    service = service === first ? second : await start('second')
    recoveries.push(await meter.recovers(before, watch))
  }
  await service.sees(`${EVENTS} records are produced`, () => produced >= EVENTS, 120_000)
  await stopLoad()
  await run.road.isWorkedOff(run.services.filter(service => !service.hasExited))
  const expulsions = expulsionsOf(run.services)
  const { figures, repeated } = await run.finish({ repeats: { messages: (KILLS + expulsions) * MOST_MESSAGES, letters: (KILLS + expulsions) * MOST_REPEATS } })

  const perKill = killedAt.map((at, kill) => {
    const next = killedAt[kill + 1] ?? Infinity
    return new Set(repeated.filter(message => message.at >= at && message.at < next).map(({ place }) => place)).size
  })
  t.comment(`figures: ms to recovery, per kill: ${recoveries.map(Math.round).join(' ')}; records again: ${perKill.join(' ')}; expulsions besides: ${expulsions}`)
  t.ok(Number(figures.produced) >= EVENTS, 'all kills came under load')
  t.ok(Number(figures['for several destinations']) >= EVENTS * FAN_OUT_SHARE / 2, 'many records had several destinations')
  t.ok(Math.max(...recoveries) <= RECOVERY_MS, `after each kill the rate is back within ${RECOVERY_MS} ms`)
  t.same(perKill.filter(records => records > MOST_REPEATS * (1 + expulsions)), [], `no kill repeats more than ${MOST_REPEATS} records`)
})
