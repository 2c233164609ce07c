import t from 'tap'
import { DONE, type Outcome, transient } from '../../src/engine/outcome.js'
import { Random } from '../../src/generator/random.js'
import { clientOf, type Parcel, rig, type Rig } from '../helpers/engine.js'
import { type FakeCall } from '../helpers/fake-stage.js'
import { turn } from '../helpers/manual-clock.js'

/** Those of the service: `DYNAMODB_CONCURRENCY`, `SQS_CONCURRENCY`, `RETRY_BACKOFF_BASE_MS`, `MAX_IN_FLIGHT_RECORDS`. */
const TABLE_CONCURRENCY = 24
const QUEUE_CONCURRENCY = 16
const LIMITS = { maxInFlightRecords: 8_000, backoffBaseMs: 25, backoffMaxMs: 5_000, retryInPlaceMs: 10_000 }
const CLIENTS = 4
const RECORDS = 48_000
const POLL = 500
/** What a call of either system takes. */
const CALL_MS = 20
const FAIL_SHARE = 0.05
/**
 * Two calls of five have an entry that fails, and nothing later of its lane may leave before it: lanes that are busy all
 * the time can keep 1 / 1.4 at best, and what goes again takes places in the call of another lane. With lanes to spare the
 * others fill the gap.
 */
const CASES = [
  { what: 'with twice the lanes that the rate needs', partitions: 24, keptShare: 0.8 },
  { what: 'with all lanes busy all the time', partitions: 12, keptShare: 0.58 }
]

const UNPROCESSED = transient('UNPROCESSED', 'planted', { throttled: true })
const FAILED = transient('ENTRY_FAILED', 'planted')

for (const { what, partitions, keptShare } of CASES) {
  t.test(`when a twentieth of all rows and messages fail, ${Math.round(keptShare * 100)} % of the rate is kept ${what}`, async t => {
    const undisturbedMs = await workOff(partitions, 0)
    const failingMs = await workOff(partitions, FAIL_SHARE)
    t.comment(`figures: kept ${(100 * undisturbedMs / failingMs).toFixed(1)} % of ${Math.round(1000 * RECORDS / undisturbedMs)} records/s`)
    t.ok(undisturbedMs / failingMs >= keptShare, `${failingMs} ms instead of ${undisturbedMs} ms`)
  })
}

/** How long a backlog takes when nothing but the calls takes time. */
async function workOff (partitions: number, failShare: number): Promise<number> {
  const random = new Random(1, 0)
  const road: Rig = rig({
    random: () => random.fraction(),
    limits: LIMITS,
    stages: [
      { name: 'table', batch: { maxRecords: 25 }, concurrency: TABLE_CONCURRENCY, orderKey: ({ record }) => `${record.partition} ${record.offset}`, answer: answer(UNPROCESSED) },
      { name: 'queues', batch: { maxRecords: 10 }, concurrency: QUEUE_CONCURRENCY, batchKey: clientOf, orderKey: ({ record }) => String(record.partition), answer: answer(FAILED) }
    ]
  })
  function answer (failure: Outcome) {
    return (call: FakeCall<Parcel>): undefined => {
      const outcomes = call.flights.map(() => random.fraction() < failShare ? failure : DONE)
      road.clock.setTimer(() => { call.end(outcomes) }, CALL_MS)
    }
  }
  const { clock, engine, poll } = road
  for (let offset = 0; offset < RECORDS / partitions; offset += POLL) {
    for (let partition = 0; partition < partitions; partition++) {
      while (engine.available < POLL) await pass(road)
      await poll(partition, offset, ...Array.from({ length: POLL }, (_, index) => `client-${(offset + index) % CLIENTS}`))
    }
  }
  while (engine.inFlight.records > 0) await pass(road)
  engine.shutDown()
  return clock.now()
}

/** To the next thing that happens. */
async function pass ({ clock }: Rig): Promise<void> {
  clock.advance(Math.max(0, clock.nextAt - clock.now()))
  await turn()
}
