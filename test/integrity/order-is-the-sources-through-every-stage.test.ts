import t from 'tap'
import { DONE, transient, type Outcome } from '../../src/engine/outcome.js'
import { Random } from '../../src/generator/random.js'
import { rig } from '../helpers/engine.js'

const RECORDS = 30

/** Lanes of the first stage differ from those of the second, so that records of one lane there travel apart here. */
const stages = (maxPerLane: number) => [
  { batch: { maxRecords: 3, lingerMs: 1 }, concurrency: 8 },
  { batch: { maxRecords: 4, lingerMs: 1 }, concurrency: 8, orderKey: (flight: { record: { partition: number } }) => String(flight.record.partition), maxPerLane }
]

t.test('lanes arrive in order although the calls of the stage before end in any order', async t => {
  for (let seed = 1; seed <= 30; seed++) {
    const random = new Random(seed, 0)
    const { poll, first, last, clock } = rig({ stages: stages(4) })
    for (const partition of [0, 1]) {
      await poll(partition, 0, ...Array.from({ length: RECORDS }, () => `a/${random.below(10)}`))
    }
    const arrived: number[][] = [[], []]
    for (let left = 1000; left > 0 && (arrived[0]?.length ?? 0) + (arrived[1]?.length ?? 0) < 2 * RECORDS; left--) {
      const open = [...first.open, ...last.open]
      if (open.length > 0) {
        const call = random.pick(open)
        if (last.calls.includes(call)) for (const flight of call.flights) arrived[flight.record.partition]?.push(flight.offset)
        await call.settle()
      }
      await clock.pass(1)
    }
    const expected = Array.from({ length: RECORDS }, (_, offset) => offset)
    if (!t.strictSame(arrived, [expected, expected], `seed ${seed}`)) return
  }
})

t.test('in strict order nothing of a lane passes before what failed', async t => {
  const random = new Random(7, 0)
  const { poll, first, last, clock } = rig({ stages: stages(1), retryQueue: null, limits: { retryInPlaceMs: 1e9 } })
  first.answer = () => DONE
  await poll(0, 0, ...Array.from({ length: RECORDS }, (_, offset) => `a/${offset}`))
  const passed: number[] = []
  for (let left = 5_000; left > 0 && passed.length < RECORDS; left--) {
    for (const call of last.open) {
      t.equal(call.flights.length, 1)
      const outcome: Outcome = random.below(2) === 0 ? DONE : transient('ENTRY_FAILED', 'planted')
      if (outcome === DONE) passed.push(call.offsets[0] as number)
      await call.settle(outcome)
    }
    await clock.pass(10)
  }
  t.strictSame(passed, Array.from({ length: RECORDS }, (_, offset) => offset))
})
