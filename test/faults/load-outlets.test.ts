import t from 'tap'
import { type Fault } from '../../bench/recording-endpoint/faults.js'
import { type LedgerEntry } from '../../src/generator/ledger.js'
import { startTestStack } from '../helpers/stack.js'
import { FaultRun } from './harness/fault-run.js'

/** Where a record goes that can not go its own way: the dead letters and the retry queue. */
const EVENTS = 300
const FAILING = 6
const CLIENT = 'Client_B'
const KNOBS = { READY_HOLD_MS: '500', RETRY_IN_PLACE_MS: '200', RETRY_BACKOFF_MAX_MS: '100', RETRY_REST_MS: '100' }

const { kafka } = await startTestStack(t, { servers: ['kafka'] })

t.test('D1: while the retry queue is down, what should go there keeps its offset; nothing is lost when it is back', async t => {
  const run = await FaultRun.create(t, { name: 'retry-down', kafka: kafka.brokers, partitions: 1, knobs: KNOBS })
  await run.produce({ count: EVENTS })
  const failing = validOnes(await run.road.entries())
  run.arm(messagesFail(run, failing), retryQueueRefuses(run))
  const service = await run.start()
  await service.becomesUnready('stages')
  await service.sees('all others are delivered', () => run.accepted === EVENTS - FAILING)
  t.equal((await run.road.committed()).get(0) ?? 0, offsetOf(failing[0]), 'committed up to the first of them')
  t.match(await service.health('/live'), { status: 200 })

  run.arm(messagesFail(run, failing))
  await service.sees('they are handed over', () => run.endpoint.recorder.report(true).handedOver?.length === FAILING)
  await service.sees('and every offset is committed', async () => await run.road.lag() === 0)
  run.heal()
  await service.becomesReady()
  await run.finish({ order: 'counted', metricsTellAll: true })
  t.equal((await service.metrics()).sum('penstock_held'), 0)
  t.equal(await service.stop(), 0, { log: service.tail })
})

t.test('D1: with the dead letters and the retry queue down at once both kinds keep their offset, and either heals by itself', async t => {
  const run = await FaultRun.create(t, { name: 'outlets-down', kafka: kafka.brokers, partitions: 1, knobs: KNOBS, withoutDeadLetterTopic: true })
  await run.produce({ count: EVENTS, invalidShare: 0.02 })
  const entries = await run.road.entries()
  const failing = validOnes(entries)
  const invalid = entries.filter(({ expected }) => expected !== 'valid')
  run.arm(messagesFail(run, failing), retryQueueRefuses(run))
  const service = await run.start()
  await service.becomesUnready('stages')
  await service.becomesUnready('dead-letters')
  await service.sees('all others are delivered', () => run.accepted === EVENTS - invalid.length - FAILING)
  const first = Math.min(offsetOf(failing[0]), offsetOf(invalid[0]))
  t.equal((await run.road.committed()).get(0) ?? 0, first, 'committed up to the first that has no end')
  t.equal((await service.metrics()).sum('penstock_dead_letters_total'), 0)

  run.heal()
  await service.sees('the failing ones are delivered', () => run.accepted === EVENTS - invalid.length)
  t.ok(((await run.road.committed()).get(0) ?? 0) <= offsetOf(invalid[0]), 'the dead letters still keep theirs')
  await run.road.createDeadLetterTopic()
  await service.becomesReady()
  await run.finish({ order: 'counted', metricsTellAll: true })
  t.equal(await service.stop(), 0, { log: service.tail })
})

/** In the queue of their client; the retry queue takes them. */
function messagesFail (run: FaultRun, entries: readonly LedgerEntry[]): Fault {
  const uids = entries.map(({ uid = '' }) => uid)
  return { name: `${run.name}: some messages fail`, operation: 'SendMessageBatch', queue: run.queueOf(CLIENT), fail: { uids } }
}

function retryQueueRefuses ({ road }: FaultRun): Fault {
  return { name: 'the retry queue denies access', operation: 'SendMessageBatch', queue: road.config.retry.queue, status: 403, error: 'AccessDenied' }
}

/** Spread over the topic, none of them first. */
function validOnes (entries: readonly LedgerEntry[]): LedgerEntry[] {
  const valid = entries.filter(({ expected, client }) => expected === 'valid' && client === CLIENT)
  return Array.from({ length: FAILING }, (_, index) => valid[5 + index * 5] as LedgerEntry)
}

function offsetOf (entry: LedgerEntry | undefined): number {
  return entry !== undefined && 'topic' in entry.place ? entry.place.offset : NaN
}
