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

const SICK = environment('key', 'NOT_FOUND', 'planted')

t.test('while the retry queue is sick what was to go there waits, for as long as it takes, and burns no further attempt', async t => {
  const { engine, poll, first, retryQueue, deadLetters, clock, committable } = rig({
    stages: [{ answer: call => call.offsets.map(offset => offset === 1 ? transient('ENTRY_FAILED', 'planted') : DONE) }],
    limits: { retryInPlaceMs: 0, maxAttempts: 2 },
    retryQueue: { batchKey: () => 'retry', answer: () => SICK }
  })
  await poll(0, 0, 'a/0', 'a/1', 'b/2')
  await clock.pass(3_600_000)
  t.equal(committable(), 1)
  t.ok(first.sent.flat().includes(2), 'the others go on')
  t.ok(engine.available > 0)
  retryQueue.answer = () => DONE
  await clock.pass(10_000)
  t.equal(committable(), 3)
  t.equal(retryQueue.calls.at(-1)?.flights[0]?.retryCount, 1)
  t.equal(deadLetters.calls.length, 0)
})

for (const [what, cut] of Object.entries({ healed: false, 'revoked before they heal': true })) {
  t.test(`with dead letters and retry queue both sick and ${what}, no offset passes without its end`, async t => {
    const { engine, poll, retryQueue, deadLetters, clock, committable } = rig({
      stages: [{ answer: call => call.offsets.map(offset => offset === 1 ? transient('ENTRY_FAILED', 'planted') : DONE) }],
      limits: { retryInPlaceMs: 0, maxAttempts: 2 },
      deadLetters: { answer: () => environment('stage', 'NOT_FOUND', 'planted') },
      retryQueue: { batchKey: () => 'retry', answer: () => SICK }
    })
    await poll(0, 0, 'a/0', 'a/1', 'b/2', 'poison', 'c/4')
    await clock.pass(600_000)
    t.equal(committable(), 1)
    if (cut) {
      const drained = engine.drain([{ topic: TOPIC, partition: 0 }], 5_000)
      await clock.pass(5_000)
      t.equal(await drained, false)
      t.equal(committable(), 1, 'what is settled may be committed')
      engine.close([{ topic: TOPIC, partition: 0 }])
    }
    retryQueue.answer = () => DONE
    const written: number[] = []
    deadLetters.answer = call => {
      written.push(...call.offsets)
      return DONE
    }
    await clock.pass(60_000)
    t.equal(committable(), cut ? undefined : 5)
    t.strictSame(written, cut ? [] : [3], 'nothing of a closed epoch leaves')
    t.equal(engine.inFlight.records, 0)
  })
}
