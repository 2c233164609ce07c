import t from 'tap'
import { type FailedEntries, type FaultHits } from '../../bench/recording-endpoint/faults.js'
import { SEND_BATCH_MAX_ENTRIES } from '../../src/connectors/sqs/limits.js'
import { overtakings } from '../helpers/overtakings.js'
import { PATIENT } from '../helpers/patience.js'
import { startTestStack } from '../helpers/stack.js'
import { Experiment } from './harness/experiment.js'
import { parameter } from './harness/parameters.js'

const EVENTS = parameter('SINK_EVENTS', 500)
/** Failed entries go again soon, and no pass is spent in a test. */
const KNOBS = { RETRY_BACKOFF_MAX_MS: '400', RETRY_IN_PLACE_MS: '100000', ...PATIENT }
/** Enough to see that what fails for ever is tried again and again. */
const FAILURES_EACH = 5
const SICK = 'Client_A'

const { kafka } = await startTestStack(t, { servers: ['kafka'] })

t.test('items that the table leaves unprocessed are sent again, and only those', async t => {
  const experiment = await Experiment.start(t, { name: 'unprocessed', kafka: kafka.brokers, knobs: KNOBS })
  const { run, service } = experiment
  const parts: ReadonlyArray<readonly [what: string, fail: FailedEntries, calls?: number]> = [
    ['one of 25', { count: 1, of: 25 }],
    ['a twentieth of all, by chance', { share: 0.05 }],
    ['half of each call, three calls long', { share: 0.5 }, 3],
    ['every one, three calls long', {}, 3]
  ]
  for (const [what, fail, calls = Infinity] of parts) {
    await t.test(what, async t => {
      const part = await experiment.part(EVENTS, { operation: 'BatchWriteItem', name: `unprocessed: ${what}`, calls, fail })
      const { entries } = lastHits(experiment)
      t.comment(`figures: unprocessed, ${what}: ${entries} items, amplification ${(part.attempted.rows / EVENTS).toFixed(3)}, holds ${part.holds}`)
      t.match(part, { attempted: { rows: EVENTS + entries, messages: EVENTS }, spent: 0, deadLetters: 0 })
    })
  }

  await t.test('for ever: they stay in place, the others pass, and all is well when the table takes them', async t => {
    const uids = experiment.nextUids(EVENTS)
    const sick = [0, 1, 2, 3].map(each => uids[Math.floor((each + 0.5) * EVENTS / 4)] ?? '')
    run.arm({ operation: 'BatchWriteItem', name: 'unprocessed: for ever', fail: { uids: sick } })
    const costs = await experiment.costs()
    await experiment.produce(EVENTS)
    await service.sees('the sick were tried again and again', () => lastHits(experiment).entries >= FAILURES_EACH * sick.length)
    t.same(uids.filter(uid => !run.endpoint.recorder.rows.has(uid)), sick, 'all others are stored')
    const places = new Map((await run.road.entries()).map(({ uid, place }) => [uid, place]))
    const committed = await run.road.committed()
    for (const uid of sick) {
      const place = places.get(uid)
      if (place === undefined || !('offset' in place)) throw new Error(`${uid} is not in the ledger`)
      t.ok((committed.get(place.partition) ?? 0) <= place.offset, `offset ${place.offset} of partition ${place.partition} is not passed`)
    }
    run.heal()
    await experiment.settled()
    t.match(await costs(), { attempted: { rows: EVENTS + lastHits(experiment).entries }, spent: 0, deadLetters: 0 })
  })

  await run.finish({ metricsTellAll: true })
  t.equal(await service.stop(), 0, { log: service.tail })
})

t.test('entries that a queue fails, by no fault of the sender, are sent again, only those, and before anything later of their group', async t => {
  const experiment = await Experiment.start(t, { name: 'failed-entries', kafka: kafka.brokers, knobs: KNOBS })
  const { run, service } = experiment
  const codes = ['InternalError', 'ServiceUnavailable', 'RequestThrottled', 'NobodyKnowsThis']
  for (const code of codes) {
    await t.test(code, async t => {
      const part = await experiment.part(EVENTS, { operation: 'SendMessageBatch', name: code, fail: { share: 0.1, code } })
      const { entries } = lastHits(experiment)
      t.comment(`figures: failed entries, ${code}: ${entries}, amplification ${(part.attempted.messages / EVENTS).toFixed(3)}`)
      t.match(part, { attempted: { rows: EVENTS, messages: EVENTS + entries }, spent: 0, deadLetters: 0 })
    })
  }
  const { overtakers, furthest } = overtakings(run.endpoint.recorder.report(true))
  t.ok(furthest > 0 && furthest < SEND_BATCH_MAX_ENTRIES, `${furthest} records at most were accepted before an earlier one: those of its own call`)
  t.equal((await service.metrics()).sum('penstock_overtaken_records_total', { stage: 'queues' }), overtakers, 'each that was let through is counted')

  for (const fail of [{ code: 'InternalError' }, { code: 'KmsAccessDenied', senderFault: true }]) {
    await t.test(`a queue that fails every entry with ${fail.code} is held, whoever is to blame, and none of its records is`, async t => {
      run.arm({ operation: 'SendMessageBatch', queue: run.queueOf(SICK), name: `every entry: ${fail.code}`, fail })
      const costs = await experiment.costs()
      await experiment.produce(EVENTS)
      await service.sees('it is held', async () => (await service.metrics()).sum('penstock_held', { stage: 'queues', key: SICK }) === 1, 60_000)
      run.heal()
      await experiment.settled()
      const { attempted, holds, ...ends } = await costs()
      t.comment(`figures: every entry of a queue fails with ${fail.code}: amplification ${(attempted.messages / EVENTS).toFixed(3)}, holds ${holds}`)
      t.equal(attempted.messages, EVENTS + lastHits(experiment).entries)
      t.match(ends, { spent: 0, deadLetters: 0 })
    })
  }
  await run.finish({ order: 'reported', metricsTellAll: true })
  t.equal(await service.stop(), 0, { log: service.tail })
})

t.test('entries that a queue fails by fault of the sender are dead letters, sent once, and their neighbours arrive', async t => {
  const experiment = await Experiment.start(t, { name: 'refused-entries', kafka: kafka.brokers, knobs: KNOBS })
  const { run, service } = experiment
  const refused = experiment.nextUids(EVENTS).filter((_, index) => index % 50 === 7)
  const part = await experiment.part(EVENTS, { operation: 'SendMessageBatch', fail: { uids: refused, code: 'InvalidMessageContents', senderFault: true } })
  t.match(part, { attempted: { rows: EVENTS, messages: EVENTS }, deadLetters: refused.length, spent: 0, holds: 0 })
  await run.finish({ refused: new Set(refused), metricsTellAll: true })
  t.equal(await service.stop(), 0, { log: service.tail })
})

function lastHits ({ run }: Experiment): FaultHits {
  return run.endpoint.hits().at(-1) as FaultHits
}
