import t, { type Test } from 'tap'
import { SEND_BATCH_MAX_ENTRIES } from '../../src/connectors/sqs/limits.js'
import { overtakings } from '../helpers/overtakings.js'
import { PATIENT } from '../helpers/patience.js'
import { startTestStack } from '../helpers/stack.js'
import { FaultRun } from './harness/fault-run.js'
import { parameter } from './harness/parameters.js'

const STRICT_EVENTS = parameter('STRICT_EVENTS', 100_000)
const BATCH_EVENTS = parameter('BATCH_EVENTS', 20_000)
const PARTITIONS = 24
const FAIL_SHARE = 0.1
/** On a starved machine it takes long until all that failed has passed. */
const KNOBS = { ...PATIENT, RETRY_IN_PLACE_MS: '120000' }
const TIMEOUT_MS = 400_000

const { kafka } = await startTestStack(t, { servers: ['kafka'] })

t.test(`strict order: of ${STRICT_EVENTS} messages none is accepted before an earlier one of its group, while a tenth of the entries fail`, async t => {
  const { run, finish } = await workOff(t, 'strict', STRICT_EVENTS)
  const { overtaken, handedOver } = await finish('exact')
  t.equal(run.endpoint.recorder.report(false).inversions, 0)
  t.equal(overtaken + handedOver, 0, 'and none is counted')
})

t.test(`batch order: of ${BATCH_EVENTS} messages only those of a failed call are accepted before an earlier one, and each is counted`, async t => {
  const { run, finish } = await workOff(t, 'batch', BATCH_EVENTS)
  const { overtaken, handedOver } = await finish('counted')
  const { overtakers, furthest } = overtakings(run.endpoint.recorder.report(true))
  t.comment(`figures: ${overtakers} messages overtook, ${overtaken} of a failed call by the metric, ${handedOver} were handed over`)
  t.ok(overtakers > 0, 'there was something to count')
  t.equal(handedOver, 0, 'all went on in place')
  t.equal(overtaken, overtakers, 'the metric counts each message that overtook')
  t.ok(furthest < SEND_BATCH_MAX_ENTRIES, `at most ${furthest} messages came before an earlier one: those of its own call`)
})

interface Counted {
  readonly overtaken: number
  readonly handedOver: number
}

async function workOff (t: Test, order: 'strict' | 'batch', count: number): Promise<{ readonly run: FaultRun, finish (expected: 'exact' | 'counted'): Promise<Counted> }> {
  const run = await FaultRun.create(t, { name: `order-${order}`, kafka: kafka.brokers, partitions: PARTITIONS, knobs: { ...KNOBS, SQS_ORDER: order } })
  run.arm({ operation: 'SendMessageBatch', name: 'a tenth of the entries fail', fail: { share: FAIL_SHARE } })
  await run.produce({ count, seed: 1 })
  const service = await run.start()
  return {
    run,
    async finish (expected) {
      const startedAt = performance.now()
      await run.finish({ order: expected, timeoutMs: TIMEOUT_MS })
      t.comment(`figures: ${count} events in ${Math.round((performance.now() - startedAt) / 1_000)} s`)
      const [failed] = run.endpoint.hits()
      t.ok((failed?.entries ?? 0) > count * FAIL_SHARE / 2, `${failed?.entries} entries failed`)
      const metrics = await service.metrics()
      t.equal(await service.stop(), 0, { log: service.tail })
      return { overtaken: metrics.sum('penstock_overtaken_records_total', { stage: 'queues' }), handedOver: metrics.sum('penstock_handed_over_records_total') }
    }
  }
}
