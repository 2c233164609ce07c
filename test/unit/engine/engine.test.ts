import t from 'tap'
import { DONE, environment, transient } from '../../../src/engine/outcome.js'
import { FakeReplay, rig, TOPIC } from '../../helpers/engine.js'

const PLACE = { topic: TOPIC, partition: 0 }

t.test('a record passes all stages and is settled', async t => {
  const { poll, clock, engine, counts, committable } = rig({ stages: [{ answer: () => DONE }, { answer: () => DONE }] })
  await poll(0, 0, 'a/1', 'a/2')
  await clock.pass(100)
  t.equal(committable(), 2)
  t.match(counts.sums, { settled: 2 })
  t.equal(engine.settledTotal, 2)
  t.match(engine.partitions(), [{ partition: 0, watermark: 2, highestPolled: 1, unsettled: 0, oldestAgeMs: 0 }])
})

t.test('an offset that surfaces twice is taken once', async t => {
  const { poll, engine, counts } = rig()
  await poll(0, 0, 'a/1', 'a/2')
  await poll(0, 1, 'a/2')
  t.equal(engine.inFlight.records, 2)
  t.equal(counts.told['repeatedOffset'], 1)
})

t.test('the source is told when there is room again', async t => {
  const { poll, engine, first, clock } = rig({ limits: { maxInFlightRecords: 2, replayShare: 0 } })
  let told = 0
  engine.onAvailable = () => { told++ }
  await poll(0, 0, 'a/1', 'a/2')
  await clock.pass(10)
  t.equal(told, 0)
  await first.last.settle()
  t.equal(told, 1)
  t.equal(engine.available, 2)
})

t.test('a process that slept sends nothing before it has polled for a while', async t => {
  const { poll, engine, first, clock } = rig({ limits: { maxPollSilenceMs: 5_000, gateSettleMs: 1_000 } })
  await poll(0, 0, 'a/1')
  clock.advance(0)
  engine.polled()
  const slept = rig({ limits: { maxPollSilenceMs: 5, gateSettleMs: 1_000 } })
  await slept.poll(0, 0, 'a/1')
  await slept.clock.pass(100)
  t.equal(slept.first.calls.length, 0)
  slept.engine.polled()
  t.equal(slept.engine.awake, false, 'nor should it commit')
  await slept.clock.pass(2)
  for (let poll = 0; poll < 1_000; poll++) {
    slept.engine.polled()
    await slept.clock.pass(1)
  }
  t.strictSame([slept.first.calls.length, slept.engine.awake], [1, true])
  await clock.pass(10)
  t.equal(first.calls.length, 1)
})

t.test('with no partition assigned replays go on although nothing is polled', async t => {
  const { poll, engine, first, clock } = rig({ limits: { maxPollSilenceMs: 5, gateSettleMs: 1_000 } })
  await poll(0, 0, 'a/1')
  engine.replay([new FakeReplay(7, 'a/2')])
  await clock.pass(100)
  t.equal(first.calls.length, 0)
  engine.close([PLACE])
  await clock.pass(100)
  t.strictSame(first.sent, [[7]])
})

t.test('epochs count on', async t => {
  const { engine } = rig()
  engine.open(PLACE)
  const [before] = engine.partitions()
  engine.open(PLACE)
  const [after] = engine.partitions()
  t.equal(after?.epoch, (before?.epoch ?? 0) + 1)
  t.equal(engine.partitions().length, 1)
})

t.test('ages and holds can be read', async t => {
  const { engine, poll, clock } = rig({ stages: [{ answer: () => ({ class: 'environment', scope: 'stage', code: 'ACCESS_DENIED', detail: 'planted' }) }] })
  await poll(0, 0, 'a/1')
  await clock.pass(2_010)
  t.match(engine.partitions(), [{ oldestAgeMs: 2_010, span: 1 }])
  t.match(engine.holds(), [{ stage: 'stage-0', key: 'stage-0', scope: 'stage', code: 'ACCESS_DENIED', heldMs: 2_000 }])
})

t.test('a shut-down engine leaves no timer behind, whatever it was waiting for', async t => {
  const { engine, poll, first, clock } = rig({
    stages: [{ batch: { maxRecords: 1 }, concurrency: 2 }],
    examiner: { examine: async ([record]) => { if (record?.offset === 3) throw new Error('planted'); return [{ class: 'valid', payload: { client: 'a', lane: String(record?.offset) } }] }, close: async () => {} },
    limits: { maxPollSilenceMs: 1_000, gateSettleMs: 1_000 }
  })
  for (const offset of [0, 1, 2, 3]) await poll(0, offset, 'a')
  await first.calls[0]?.settle(transient('ENTRY_FAILED', 'planted'))
  await first.calls[1]?.settle(environment('stage', 'THROTTLED', 'planted'))
  const drained = engine.drain([PLACE], 60_000)
  await clock.pass(1_500)
  engine.polled()
  t.ok(clock.pending >= 4, 'a backoff, a probe, an examination, the gate, a drain')
  engine.shutDown()
  t.equal(clock.pending, 0)
  t.equal(await drained, false)
})
