import t from 'tap'
import { DONE } from '../../src/engine/outcome.js'
import { FakeReplay, rig, TOPIC } from '../helpers/engine.js'

t.test('with a stage that never answers, records are taken up to the credit and no further', async t => {
  const { engine, poll, first, clock } = rig({ limits: { maxInFlightRecords: 50, replayShare: 0 } })
  let offset = 0
  for (let round = 0; round < 20; round++) {
    const ask = Math.min(8, engine.available)
    await poll(0, offset, ...Array.from({ length: ask }, () => 'a/1'))
    offset += ask
    await clock.pass(100)
  }
  t.equal(engine.inFlight.records, 50)
  t.equal(engine.relaxed, false)
  first.answer = () => DONE
  first.last.end()
  await clock.pass(1_000)
  t.strictSame(engine.inFlight, { records: 0, bytes: 0, replays: 0 })
  t.equal(engine.available, 50)
})

t.test('bytes count as well as records, and one record is always admitted', async t => {
  const { engine, poll } = rig({ limits: { maxInFlightBytes: 1_000, replayShare: 0 } })
  t.ok(engine.available > 0)
  await poll(0, 0, 'a'.repeat(5_000))
  t.equal(engine.available, 0)
})

t.test('replays have their own share, within the whole', async t => {
  const { engine, poll } = rig({ limits: { maxInFlightRecords: 100, replayShare: 0.2 } })
  t.strictSame([engine.available, engine.replayAvailable], [80, 20])
  await poll(0, 0, ...Array.from({ length: 80 }, (_, index) => `a/${index}`))
  t.strictSame([engine.available, engine.replayAvailable], [0, 20])
  engine.replay([new FakeReplay(0, 'a/1')])
  t.equal(engine.replayAvailable, 19)
})

t.test('credit comes back however a record ends', async t => {
  const { engine, poll, clock } = rig({ stages: [{ answer: call => call.flights.map(flight => flight.offset % 2 === 0 ? DONE : { class: 'poison', code: 'REFUSED', detail: 'planted' }) }] })
  await poll(0, 0, 'poison', 'a/1', 'a/2', 'a/3')
  await poll(1, 0, 'a/1')
  engine.close([{ topic: TOPIC, partition: 1 }])
  await clock.pass(1_000)
  t.strictSame(engine.inFlight, { records: 0, bytes: 0, replays: 0 })
})

t.test('a settled record that waits behind an older one holds neither bytes nor payload', async t => {
  const { engine, poll, first, clock } = rig({ stages: [{ batch: { maxRecords: 1 } }] })
  await poll(0, 0, 'a/1', 'a/2')
  const [, second] = first.calls
  const flight = second?.flights[0]
  t.ok(flight?.payload)
  await second?.settle()
  await clock.pass(10)
  t.equal(engine.partitions()[0]?.unsettled, 1)
  t.equal(flight?.record.value, null)
  t.equal(flight?.payload, undefined)
})

t.test('a partition whose span is used up is not to be polled', async t => {
  const { engine, poll, first } = rig({ stages: [{ batch: { maxRecords: 1 }, concurrency: 100 }], limits: { maxUncommittedSpan: 3 } })
  await poll(0, 0, 'a/1', 'a/2', 'a/3')
  await first.calls[1]?.settle()
  await first.calls[2]?.settle()
  t.strictSame(engine.blocked().map(({ partition }) => partition), [0])
  await first.calls[0]?.settle()
  t.strictSame(engine.blocked(), [])
})
