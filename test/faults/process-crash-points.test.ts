import t from 'tap'
import { PATIENT } from '../helpers/patience.js'
import { startTestStack } from '../helpers/stack.js'
import { FaultRun } from './harness/fault-run.js'
import { hooks, type Hooks, reachedIn } from './harness/hooks/hooks.js'
import { type Point } from './harness/hooks/orders.js'
import { parameter } from './harness/parameters.js'
import { expulsionsOf } from './harness/rebalance-log.js'
import { rebalanceUntilItEnds } from './harness/rebalance-until-it-ends.js'

/** How often each point is tried, every time at another of its calls. */
const RUNS = parameter('RUNS', 1)
const RATE_PER_SECOND = 500
/** More than are sent before the test stops the producer. */
const MOST_EVENTS = 50_000
const MAX_IN_FLIGHT = 400
const COMMIT_INTERVAL_MS = 100
/** A machine that has fallen behind works a backlog off faster than events come. */
const FASTEST_PER_SECOND = 4 * RATE_PER_SECOND
const MOST_REPEATS = MAX_IN_FLIGHT + FASTEST_PER_SECOND * COMMIT_INTERVAL_MS / 1_000

const { kafka } = await startTestStack(t, { servers: ['kafka'] })

interface Strike {
  readonly point: Point
  /** It is a call of the second half of so many. */
  readonly calls: number
  /** Static members, with this assignor: the killed one takes its partitions again at once. */
  readonly assignor?: 'cooperative-sticky' | 'range'
}

const strikes: readonly Strike[] = [
  { point: 'before-write', calls: 40, assignor: 'cooperative-sticky' },
  { point: 'after-write', calls: 40, assignor: 'cooperative-sticky' },
  { point: 'before-send', calls: 80, assignor: 'cooperative-sticky' },
  { point: 'after-send', calls: 80, assignor: 'cooperative-sticky' },
  { point: 'before-commit', calls: 12, assignor: 'cooperative-sticky' },
  { point: 'after-commit', calls: 12, assignor: 'cooperative-sticky' },
  { point: 'during-drain', calls: 1, assignor: 'cooperative-sticky' },
  { point: 'during-revoke', calls: 1 },
  // Not with cooperative-sticky: a static member that comes back is no news to the group, which would not go on with the
  // rebalance that the kill has cut. The configuration warns of it.
  { point: 'during-revoke', calls: 1, assignor: 'range' }
]

for (const { point, calls, assignor } of strikes) {
  const members = assignor === 'range' ? ', a static member with range' : ''
  for (let index = 1; index <= RUNS; index++) {
    t.test(`killed ${point.replace('-', ' ')}${members}, it loses nothing, passes nothing over, and repeats what was in flight (${index} of ${RUNS})`, async t => {
      const run = await FaultRun.create(t, {
        name: `crash-${point}-${assignor ?? 'dynamic'}-${index}`,
        kafka: kafka.brokers,
        knobs: {
          MAX_IN_FLIGHT_RECORDS: String(MAX_IN_FLIGHT),
          CHUNK_RECORDS: '100',
          COMMIT_INTERVAL_MS: String(COMMIT_INTERVAL_MS),
          KAFKA_SESSION_TIMEOUT_MS: '3000',
          ...PATIENT,
          ...assignor === undefined ? {} : { KAFKA_ASSIGNMENT_STRATEGY: assignor }
        }
      })
      const during = point.startsWith('during')
      const delayMs = during ? 200 : 30 // A drain meets calls under way, and the first of them ends in it.
      // Nothing here breaks the order or loses an answer, so that order is exact and every repetition is the kill's.
      run.arm(
        { operation: 'BatchWriteItem', delayMs },
        { operation: 'SendMessageBatch', delayMs },
        { operation: 'BatchWriteItem', every: 11, fail: { count: 1, of: 5 } },
        { operation: 'SendMessageBatch', every: 13, status: 500 }
      )
      const nth = Math.ceil(calls / 2) + run.random.below(Math.ceil(calls / 2))
      const start = async (member: string, strike?: Hooks) => await run.start(assignor === undefined ? {} : { KAFKA_GROUP_INSTANCE_ID: member }, strike)
      const killed = await start('first', hooks({ at: point, nth }))
      await killed.ownsPartitions()
      const enough = new AbortController()
      const producing = run.produce({ count: MOST_EVENTS, ratePerSecond: RATE_PER_SECOND, invalidShare: 0.05, signal: enough.signal })
      if (during) {
        await killed.sees('it is under load', () => run.accepted > RATE_PER_SECOND / 2)
        if (point === 'during-drain') killed.signal('SIGTERM')
        else await rebalanceUntilItEnds(killed, () => start('second'), async second => (await second.metrics()).count('penstock_partition_in_flight_records') > 0)
      }
      t.equal(await killed.ends(), point === 'during-drain' ? 3 : 1)
      t.same(reachedIn(killed.output).map(({ reached }) => reached), [point], `the kill was its ${nth}th`)

      await start('first')
      enough.abort()
      await producing
      await run.road.isWorkedOff(run.services.filter(service => !service.hasExited))
      const most = MOST_REPEATS * (1 + expulsionsOf(run.services))
      await run.finish({ repeats: { rows: most, messages: most, letters: most } })
    })
  }
}
