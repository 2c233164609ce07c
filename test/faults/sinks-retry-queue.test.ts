import t from 'tap'
import { type Fault } from '../../bench/recording-endpoint/faults.js'
import { CLIENTS } from '../../src/generator/valid-event.js'
import { eventually } from '../helpers/eventually.js'
import { startTestStack } from '../helpers/stack.js'
import { Experiment } from './harness/experiment.js'
import { parameter } from './harness/parameters.js'

const EVENTS = parameter('SINK_EVENTS', 300)
/** Short passes and rests, so that records go through the retry queue again and again; never so often that they end. */
const KNOBS = {
  MAX_ATTEMPTS: '100',
  RETRY_IN_PLACE_MS: '50',
  RETRY_REST_MS: '100',
  RETRY_BACKOFF_MAX_MS: '100',
  RETRY_VISIBILITY_MS: '5000',
  AWS_CONNECT_TIMEOUT_MS: '300',
  AWS_REQUEST_TIMEOUT_MS: '2500'
}
/** Some of each client. */
const SICK_EVERY = 20

const { kafka } = await startTestStack(t, { servers: ['kafka'] })

t.test('on the way through the retry queue every call may fail, or be done and not be answered: nothing is lost, and no client sees anything twice', async t => {
  const experiment = await Experiment.start(t, { name: 'retry-queue', kafka: kafka.brokers, knobs: KNOBS })
  const { run, service } = experiment
  const queue = run.road.config.retry.queue
  const sick = experiment.nextUids(EVENTS).filter((_, index) => index % SICK_EVERY === 0)
  const faults: readonly Fault[] = [
    ...CLIENTS.map((client): Fault => ({ name: `${client} fails some`, operation: 'SendMessageBatch', queue: run.queueOf(client), fail: { uids: sick } })),
    { name: 'handed over, answer lost', operation: 'SendMessageBatch', queue, calls: 2, reset: 'after' },
    { name: 'not handed over', operation: 'SendMessageBatch', queue, calls: 1, fail: { count: 1, of: 1 } },
    { name: 'received, answer lost', operation: 'ReceiveMessage', queue, every: 3, calls: 2, truncateBody: true },
    { name: 'deleted, answer lost', operation: 'DeleteMessageBatch', queue, calls: 1, reset: 'after' },
    { name: 'not deleted', operation: 'DeleteMessageBatch', queue, every: 2, calls: 4, status: 500 },
    { name: 'not given back', operation: 'ChangeMessageVisibilityBatch', queue, calls: 2, status: 503 },
    { name: 'row written late, answer lost', operation: 'PutItem', every: 2, calls: 3, reset: 'after' },
    { name: 'row not written late', operation: 'PutItem', every: 3, calls: 3, status: 500 }
  ]
  run.arm(...faults)
  await experiment.produce(EVENTS)
  await eventually('every fault was met', () => run.endpoint.hits().every(({ hits }) => hits > 0), { timeoutMs: 120_000, state: () => JSON.stringify(run.endpoint.hits()) })
  await service.sees('the sick were tried again and again', async () => (await service.metrics()).sum('penstock_replayed_records_total') > 3 * sick.length, 60_000)
  const handedOver = new Set(run.endpoint.recorder.report(true).handedOver?.map(({ uid }) => uid))
  t.same(sick.filter(uid => !handedOver.has(uid)), [], 'each of the sick was handed over')

  run.heal()
  const { figures } = await run.finish({ repeats: { rows: Infinity, messages: Infinity }, order: 'reported', metricsTellAll: true })
  const { kept, queues } = run.endpoint.recorder.report(false)
  t.comment(`figures: retry queue: ${JSON.stringify({ ...kept[queue], ...queues[queue] })}, inversions ${figures['inversions']}`)
  t.match(kept[queue], { visible: 0, hidden: 0 }, 'nothing is left in it')
  t.equal((await service.metrics()).sum('penstock_attempts_exhausted_total'), 0)
  t.equal(await service.stop(), 0, { log: service.tail })
})
