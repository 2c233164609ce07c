import t from 'tap'
import { DONE, environment, transient } from '../../src/engine/outcome.js'
import { rig, TOPIC } from '../helpers/engine.js'

t.test('the offset of a rejected record waits for its dead letter', async t => {
  const { poll, deadLetters, clock, counts, committable } = rig({ stages: [{ answer: () => DONE }], deadLetters: { answer: () => undefined } })
  await poll(0, 0, 'poison', 'a/1')
  await clock.pass(100)
  t.equal(committable(), undefined)
  t.equal(counts.told['deadLettered'], undefined, 'nor is it counted')
  await deadLetters.last.settle()
  t.equal(committable(), 2)
  t.equal(counts.told['deadLettered'], 1)
})

for (const [what, outcome] of Object.entries({ sick: environment('stage', 'NOT_FOUND', 'planted'), silent: transient('UNKNOWN', 'planted') })) {
  t.test(`while the dead letters are ${what} the partition waits, for as long as it takes`, async t => {
    const { engine, poll, deadLetters, first, clock, committable } = rig({ stages: [{ answer: () => DONE }], deadLetters: { answer: () => outcome } })
    await poll(0, 0, 'a/0', 'poison', 'a/1')
    await clock.pass(3_600_000)
    t.equal(committable(), 1)
    t.strictSame(first.sent.flat(), [0, 2], 'valid records go on')
    t.ok(engine.available > 0)
    deadLetters.answer = call => {
      t.equal(call.flights[0]?.failure?.code, 'NOT_JSON', 'it tells why the record was rejected, not what its writing met')
      return DONE
    }
    await clock.pass(10_000)
    t.equal(committable(), 3)
  })
}

t.test('a dead letter under way when its partition is drained is awaited', async t => {
  const { engine, poll, deadLetters, clock, committable } = rig({ deadLetters: { answer: () => undefined } })
  await poll(0, 0, 'poison')
  await clock.pass(0)
  const drained = engine.drain([{ topic: TOPIC, partition: 0 }], 1_000)
  await deadLetters.last.settle()
  t.equal(await drained, true)
  t.equal(committable(), 1)
})
