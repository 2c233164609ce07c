import t from 'tap'
import { type Fault } from '../../bench/recording-endpoint/faults.js'
import { PATIENT } from '../helpers/patience.js'
import { startTestStack } from '../helpers/stack.js'
import { Stopwatch } from '../helpers/stopwatch.js'
import { FaultRun } from './harness/fault-run.js'
import { parameter } from './harness/parameters.js'
import { expulsionsOf } from './harness/rebalance-log.js'
import { RateMeter } from './harness/recovery.js'

const KILLS = parameter('KILLS', 10)
const EVENTS = parameter('EVENTS', 50_000)
const RATE_PER_SECOND = parameter('RATE', 2_000)
const MAX_IN_FLIGHT = 1_000
const COMMIT_INTERVAL_MS = 100
const CHUNK_RECORDS = 100
/** Per partition: what settles above a record that is tried again counts toward it, and a kill repeats it too. */
const MAX_UNCOMMITTED_SPAN = 350
/** Of any kill. One process may own all four partitions, and each may overrun its span by the poll that reaches it. */
const MOST_REPEATS = 2_000
const RECOVERY_MS = 15_000
/** The rate before a kill is that of this long. */
const BEFORE_MS = 1_000

const { kafka } = await startTestStack(t, { servers: ['kafka'] })

t.test(`killed ${KILLS} times at random under ${RATE_PER_SECOND} events a second, it loses nothing and repeats what was in flight`, async t => {
  const run = await FaultRun.create(t, {
    name: 'kills',
    kafka: kafka.brokers,
    knobs: {
      MAX_IN_FLIGHT_RECORDS: String(MAX_IN_FLIGHT),
      COMMIT_INTERVAL_MS: String(COMMIT_INTERVAL_MS),
      COMMIT_EVERY_RECORDS: String(MAX_UNCOMMITTED_SPAN),
      MAX_UNCOMMITTED_SPAN: String(MAX_UNCOMMITTED_SPAN),
      CHUNK_RECORDS: String(CHUNK_RECORDS),
      KAFKA_SESSION_TIMEOUT_MS: '3000',
      ...PATIENT
    }
  })
  // None of these has an effect and hides it: every repetition is a kill's.
  run.arm(...['BatchWriteItem', 'SendMessageBatch'].flatMap((operation): Fault[] => [
    { operation, share: 0.05, status: 503 }, { operation, share: 0.01, reset: 'before' }, { operation, fail: { share: 0.02 } }
  ]))
  const start = async (member: string) => await run.start({ KAFKA_GROUP_INSTANCE_ID: member })
  const [first, second] = await Promise.all([start('first'), start('second')])
  await Promise.all([first, second].map(service => service.ownsPartitions(owned => owned === 2)))
  const meter = new RateMeter(t, () => run.accepted)
  // More than are needed: after the last kill too there must be a rate to come back to.
  const enough = new AbortController()
  const producing = run.produce({ count: 2 * EVENTS, ratePerSecond: RATE_PER_SECOND, invalidShare: 0.05, signal: enough.signal })

  const recoveries: number[] = []
  const repeats = [repeatsOf(run)]
  let service = first
  for (let kill = 0; kill < KILLS; kill++) {
    const at = Math.round(EVENTS * (kill + run.random.fraction()) / KILLS)
    await service.sees(`${at} messages are accepted`, () => run.accepted >= at, 120_000)
    if (kill > 0) repeats.push(repeatsOf(run))
    // A backlog is worked off faster than events come: that is no rate to come back to.
    const before = Math.min(meter.rate(BEFORE_MS), RATE_PER_SECOND)
    const watch = new Stopwatch()
    await service.kill()
    // At first the other member takes over, from then on the killed one comes back.
    service = service === first ? second : await start('second')
    recoveries.push(await meter.recovers(before, watch))
  }
  await service.sees(`${EVENTS} messages are accepted`, () => run.accepted >= EVENTS, 120_000)
  enough.abort()
  await producing
  await run.road.isWorkedOff(run.services.filter(service => !service.hasExited))
  const expulsions = expulsionsOf(run.services)
  const most = (KILLS + expulsions) * MOST_REPEATS
  const { figures } = await run.finish({ order: 'reported', repeats: { rows: most, messages: most, letters: most } })
  repeats.push(repeatsOf(run))

  const perKill = recoveries.map((_, kill) => ({
    rows: repeats[kill + 1]!.rows - repeats[kill]!.rows, messages: repeats[kill + 1]!.messages - repeats[kill]!.messages
  }))
  t.comment(`figures: ms to recovery, per kill: ${recoveries.map(Math.round).join(' ')}; rows again: ${perKill.map(({ rows }) => rows).join(' ')}; messages again: ${perKill.map(({ messages }) => messages).join(' ')}; expulsions besides: ${expulsions}`)
  t.ok(Number(figures.produced) >= EVENTS, 'all kills came under load')
  t.ok(Math.max(...recoveries) <= RECOVERY_MS, `after each kill the rate is back within ${RECOVERY_MS} ms`)
  t.same(perKill.filter(({ rows, messages }) => Math.max(rows, messages) > MOST_REPEATS * (1 + expulsions)), [], `no kill repeats more than ${MOST_REPEATS}`)
})

/** So far, from counters: the endpoint runs in this process, and must not stand still for a count. */
function repeatsOf ({ endpoint: { recorder } }: FaultRun): { readonly messages: number, readonly rows: number } {
  const { queues, rowsWritten } = recorder.report(false)
  return {
    messages: Object.values(queues).reduce((sum, { duplicates }) => sum + duplicates, 0),
    rows: rowsWritten - recorder.rows.size
  }
}
