import t from 'tap'
import { DONE, poison, transient } from '../../src/engine/outcome.js'
import { Random } from '../../src/generator/random.js'
import { rig } from '../helpers/engine.js'

const single = { batch: { maxRecords: 1 }, concurrency: 100 }

t.test('only what lies below the lowest unsettled offset may be committed', async t => {
  const { poll, first, committable } = rig({ stages: [single] })
  await poll(0, 10, 'a/1', 'a/2', 'a/3', 'a/4')
  const [ten, eleven, twelve, thirteen] = first.calls
  await twelve?.settle()
  await thirteen?.settle()
  t.equal(committable(), undefined, 'nothing is below offset 10')
  await ten?.settle()
  t.equal(committable(), 11)
  await eleven?.settle()
  t.equal(committable(), 14)
})

t.test('calls that end in any order never let the watermark pass an unsettled offset', async t => {
  for (let seed = 1; seed <= 50; seed++) {
    const random = new Random(seed, 0)
    const { poll, first, engine } = rig({ stages: [single] })
    const offsets = Array.from({ length: 40 }, (_, index) => index)
    await poll(0, 0, ...offsets.map(offset => `a/${offset}`))
    const unsettled = new Set(offsets)
    while (first.open.length > 0) {
      const call = random.pick(first.open)
      await call.settle()
      unsettled.delete(call.offsets[0] as number)
      const [{ watermark } = { watermark: -1 }] = engine.partitions()
      if (watermark !== Math.min(40, ...unsettled)) return t.fail(`seed ${seed}: the watermark is ${watermark}, unsettled is ${[...unsettled].join()}`)
    }
  }
  t.pass('50 orders')
})

t.test('offsets that the log has not are no reason to wait', async t => {
  const { engine, poll, first, committable } = rig({ stages: [single] })
  await poll(0, 5, 'a/1')
  await poll(0, 90, 'a/2')
  for (const call of first.open) await call.settle()
  t.equal(committable(), 91)
  engine.committed([{ topic: 'parcels', partition: 0, offset: 91 }])
  t.equal(committable(), undefined, 'and nothing is committed twice')
})

t.test('the end of a log that surfaces as no record is committed, but never past an unsettled one', async t => {
  const { engine, poll, first, committable } = rig({ stages: [single] })
  const place = { topic: 'parcels', partition: 0 }
  await poll(0, 5, 'a/1', 'a/2')
  engine.reachedEnd(place, 9)
  const [five, six] = first.calls
  await six?.settle()
  t.equal(committable(), undefined)
  await five?.settle()
  t.equal(committable(), 9)
  engine.reachedEnd({ ...place, partition: 1 }, 9)
  t.equal(committable(1), undefined, 'of a partition that is not assigned nothing is committed')
})

t.test('a drain that drops records never commits the end of the log', async t => {
  const { engine, poll, first, committable } = rig({ stages: [{ ...single, concurrency: 1 }] })
  const place = { topic: 'parcels', partition: 0 }
  await poll(0, 5, 'a/1', 'a/2')
  engine.reachedEnd(place, 9)
  const drained = engine.drain([place], 1_000)
  engine.reachedEnd(place, 9)
  await first.last.settle()
  t.equal(await drained, true)
  t.equal(committable(), 6)
})

t.test('a record that fails, is rejected or handed over holds its offset until that is acknowledged', async t => {
  const { poll, first, clock, deadLetters, retryQueue, committable } = rig({
    stages: [single], limits: { retryInPlaceMs: 0 }, deadLetters: { answer: () => undefined }, retryQueue: { answer: () => undefined }
  })
  await poll(0, 0, 'a/1', 'a/2', 'a/3')
  await first.calls[0]?.settle(transient('ENTRY_FAILED', 'planted'))
  await first.calls[1]?.settle(poison('REFUSED', 'planted'))
  await first.calls[2]?.settle(DONE)
  await clock.pass(1_000)
  t.equal(committable(), undefined)
  await retryQueue.last.settle()
  t.equal(committable(), 1)
  await deadLetters.last.settle()
  t.equal(committable(), 3)
})
