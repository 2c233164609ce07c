import t from 'tap'
import { DONE, transient } from '../../src/engine/outcome.js'
import { Random } from '../../src/generator/random.js'
import { rig, laneOf } from '../helpers/engine.js'

for (const coalesce of [true, false]) {
  t.test(`neither in two calls in flight nor twice in one, ${coalesce ? 'with' : 'without'} coalescing`, async t => {
    const random = new Random(3, 0)
    const { poll, first, clock, engine, committable } = rig({
      stages: [{ batch: { maxRecords: 5, lingerMs: 1 }, concurrency: 6, ...(coalesce ? { coalesce: 'latest' as const } : { maxPerLane: 1 }) }],
      limits: { retryInPlaceMs: 1e9 }
    })
    let offset = 0
    for (let step = 0; step < 400; step++) {
      const values = Array.from({ length: random.below(8) }, () => `a/${random.below(6)}`)
      await poll(0, offset, ...values.slice(0, engine.available))
      offset += values.length
      const lanes = first.open.flatMap(call => call.flights.map(laneOf))
      if (new Set(lanes).size !== lanes.length) return t.fail(`in flight at once: ${lanes.join()}`)
      if (first.open.length > 0) {
        const call = random.pick(first.open)
        await call.settle(call.flights.map(() => random.below(4) === 0 ? transient('ENTRY_FAILED', 'planted') : DONE))
      }
      await clock.pass(random.below(20))
    }
    first.answer = () => DONE
    for (const call of first.open) call.end()
    await clock.pass(10_000)
    t.equal(engine.inFlight.records, 0)
    t.ok((committable() ?? 0) > 500)
  })
}

t.test('only the newest of a key is sent; when it is done the older are done', async t => {
  const { poll, first, clock, committable, counts } = rig({ stages: [{ coalesce: 'latest' }] })
  await poll(0, 0, 'a/x', 'a/x', 'a/y', 'a/x')
  await clock.pass(10)
  t.strictSame(first.sent, [[3, 2]])
  t.equal(counts.sums['coalesced'], 2)
  await first.last.settle()
  t.equal(committable(), 4)
})

t.test('when the newest is refused the older go on their own', async t => {
  const { poll, first, clock, failures, committable } = rig({ stages: [{ coalesce: 'latest' }] })
  await poll(0, 0, 'a/x', 'a/x', 'a/x')
  await clock.pass(10)
  await first.last.settle({ class: 'poison', code: 'REFUSED', detail: 'planted' })
  t.strictSame([...failures.keys()], [2])
  await clock.pass(10)
  t.strictSame(first.last.offsets, [0])
  await first.last.settle()
  await clock.pass(10)
  t.strictSame(first.last.offsets, [1], 'not together again: 0 could have been to blame')
  await first.last.settle()
  t.equal(committable(), 3)
})

t.test('when the newest fails the older go first, each on its own', async t => {
  const { poll, first, clock } = rig({ stages: [{ coalesce: 'latest' }] })
  await poll(0, 0, 'a/x', 'a/x', 'a/x')
  await clock.pass(10)
  await first.last.settle(transient('ENTRY_FAILED', 'planted'))
  first.answer = () => DONE
  await clock.pass(1_000)
  t.strictSame(first.sent, [[2], [0], [1], [2]])
})

t.test('a sick service is no reason to send one by one afterwards', async t => {
  const { poll, first, clock } = rig({ stages: [{ coalesce: 'latest' }] })
  await poll(0, 0, 'a/x', 'a/x', 'a/x')
  await clock.pass(10)
  await first.last.settle({ class: 'environment', scope: 'stage', code: 'THROTTLED', detail: 'planted' })
  first.answer = () => DONE
  await clock.pass(1_000)
  t.strictSame(first.sent, [[2], [2]])
})
