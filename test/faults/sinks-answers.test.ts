import t, { type Test } from 'tap'
import { type Fault, type FaultHits } from '../../bench/recording-endpoint/faults.js'
import { repeatsIn } from '../helpers/recorded.js'
import { startTestStack } from '../helpers/stack.js'
import { Experiment, type Part } from './harness/experiment.js'
import { parameter } from './harness/parameters.js'

const EVENTS = parameter('SINK_EVENTS', 500)
/** One call in so many fails: seldom enough for the breaker to stay closed. */
const SELDOM = 25
/** In a row: enough for the breaker to open and for a probe to fail. */
const IN_A_ROW = 6
/** Enough when a single one opens it. */
const IN_A_ROW_THAT_SAY = 3
const MOST_AMPLIFICATION = 1.1
/**
 * Short, for it is waited for again and again. So a starved machine gives up calls that nothing is wrong with; what the
 * service says that it gave up beyond the calls that were met explains as many repetitions, and nothing else does.
 */
const REQUEST_TIMEOUT_MS = 700
/** Longer than all calls in a row take on a busy machine: whatever spends a pass before that is wrong. */
const IN_PLACE_MS = 120_000

interface Misbehaviour {
  readonly what: string
  readonly fault: Omit<Fault, 'operation'>
  /** The call did what it should before it failed, so that all of it is repeated. */
  readonly written?: boolean
  /** The sink says of itself that it is sick, which opens the breaker at once. */
  readonly says?: boolean
  /** Like another: not tried in a row. */
  readonly alike?: boolean
}

const MISBEHAVIOURS: readonly Misbehaviour[] = [
  { what: 'fails with status 500', fault: { status: 500, error: 'InternalServerError' } },
  { what: 'fails with status 503', fault: { status: 503, error: 'ServiceUnavailable' }, alike: true },
  { what: 'fails with status 502 and no known name', fault: { status: 502, error: 'BadGateway' }, alike: true },
  { what: 'throttles', fault: { status: 400, error: 'ThrottlingException' }, says: true },
  { what: 'throttles and says for how long', fault: { status: 400, error: 'ThrottlingException', retryAfterSeconds: 1 }, says: true },
  { what: 'resets the connection', fault: { reset: 'before' } },
  { what: 'never answers', fault: { hang: 'before' } },
  { what: 'does it and resets the connection', fault: { reset: 'after' }, written: true },
  { what: 'does it and never answers', fault: { hang: 'after' }, written: true },
  { what: 'does it and breaks off in the middle of its answer', fault: { truncateBody: true }, written: true },
  { what: 'does it and answers too slowly', fault: { slowBody: { bytes: 1, everyMs: 2_000 } }, written: true }
]

/** Which of the report's figures are its. */
const SINKS = [
  { operation: 'BatchWriteItem', entries: 'rows' },
  { operation: 'SendMessageBatch', entries: 'messages' }
] as const

const { kafka } = await startTestStack(t, { servers: ['kafka'] })

for (const { operation, entries } of SINKS) {
  t.test(`whatever ${operation} does to a call, that call alone is repeated, nothing is lost, and no attempt is burnt`, async t => {
    const experiment = await Experiment.start(t, {
      name: `answers-${operation.toLowerCase()}`,
      kafka: kafka.brokers,
      knobs: { AWS_CONNECT_TIMEOUT_MS: String(REQUEST_TIMEOUT_MS), AWS_REQUEST_TIMEOUT_MS: String(REQUEST_TIMEOUT_MS), RETRY_BACKOFF_MAX_MS: '500', RETRY_IN_PLACE_MS: String(IN_PLACE_MS) }
    })
    const { run, service } = experiment
    const clean = await experiment.part(EVENTS)
    for (const sink of ['rows', 'messages'] as const) {
      t.ok(clean.attempted[sink] - EVENTS <= clean.timedOut[sink], `without faults no ${sink} are sent twice but those that were given up: ${clean.timedOut[sink]}`)
      t.equal(clean.failed[sink], clean.timedOut[sink], 'and nothing else fails')
    }

    for (const { what, fault, written = false, says = false, alike = false } of MISBEHAVIOURS) {
      const before = repeatsIn(run.endpoint.recorder.report(true))
      let givenUp = 0
      await t.test(`one call in ${SELDOM} ${what}`, async t => {
        const part = await experiment.part(EVENTS, { operation, every: SELDOM, name: `${what}, seldom`, ...fault })
        const excused = expectCallsAlone(t, part)
        givenUp += excused
        t.ok(part.attempted[entries] - excused <= MOST_AMPLIFICATION * EVENTS, 'little is repeated')
        if (says) t.ok(part.holds > 0, 'held')
        else if (excused === 0) t.equal(part.holds, 0, 'the breaker stays closed')
      })
      const inARow = says ? IN_A_ROW_THAT_SAY : IN_A_ROW
      const queue = operation === 'SendMessageBatch' ? { queue: run.queueOf('Client_A') } : {}
      if (!alike) {
        await t.test(`${inARow} calls in a row: ${what}`, async t => {
          givenUp += expectCallsAlone(t, await experiment.part(EVENTS, { operation, ...queue, calls: inARow, name: `${what}, in a row`, ...fault }))
        })
      }
      const again = repeatsIn(run.endpoint.recorder.report(true))[entries] - before[entries]
      t.ok(written ? again > 0 : again <= givenUp, `${what}: ${again} ${entries} were done again`)
    }
    await run.finish({ repeats: { rows: Infinity, messages: Infinity }, metricsTellAll: true })
    t.equal(run.endpoint.recorder.report(false).sdkRetries, 0, 'there is one retry layer')
    t.equal(await service.stop(), 0, { log: service.tail })

    /** Returns what was given up beyond the calls that the fault met: none on a machine that keeps up. */
    function expectCallsAlone (t: Test, part: Part): number {
      const { name, hits, carried } = run.endpoint.hits().at(-1) as FaultHits
      const again = part.attempted[entries] - part.events
      const givenUp = Math.max(0, part.failed[entries] - carried)
      t.comment(`figures: ${operation} ${name}: amplification ${(part.attempted[entries] / part.events).toFixed(3)}, calls ${hits}, holds ${part.holds}, given up besides ${givenUp}`)
      t.ok(again > 0 && again <= carried + givenUp, `${again} ${entries} of ${hits} calls that held ${carried} were sent again`)
      t.ok(givenUp <= part.timedOut[entries], 'what fails besides was waited for in vain')
      t.match(part, { spent: 0, deadLetters: 0 })
      return givenUp
    }
  })
}
