import t from 'tap'
import { DONE, transient } from '../../src/engine/outcome.js'
import { rig, TOPIC, type Rig } from '../helpers/engine.js'

const PLACE = { topic: TOPIC, partition: 0 }
const single = { batch: { maxRecords: 1 } }

t.test('an answer that comes after its epoch was lost settles nothing of the next', async t => {
  const { engine, poll, first, committable, counts } = rig({ stages: [single] })
  await poll(0, 0, 'a/1', 'a/1')
  const old = first.last
  engine.close([PLACE])
  t.equal(engine.inFlight.records, 0, 'its credit is free')
  t.equal(old.signal.aborted, true, 'its call is given up')
  engine.open(PLACE)
  await poll(0, 0, 'a/1')
  t.equal(first.calls.length, 1, 'the lane is busy while its old call may still have effects')
  await old.settle()
  t.equal(committable(), undefined)
  t.equal(counts.told['lateSettled'], 1)
  await first.last.settle()
  t.equal(committable(), 1)
  t.strictSame(first.sent, [[0], [0]])
})

t.test('nothing of a closed epoch is tried again', async t => {
  const { engine, poll, first, clock, retryQueue, deadLetters } = rig({ stages: [single] })
  await poll(0, 0, 'a/1', 'a/2')
  const [one, two] = first.calls
  await one?.settle(transient('ENTRY_FAILED', 'planted'))
  engine.close([PLACE])
  await two?.settle(transient('ENTRY_FAILED', 'planted'))
  await clock.pass(10_000)
  t.strictSame([first.calls.length, retryQueue.calls.length, deadLetters.calls.length], [2, 0, 0])
})

for (const [what, end] of Object.entries({
  lost: async ({ engine }: Rig) => { engine.close([PLACE]) },
  'revoked and not drained in time': async ({ engine }: Rig) => { await engine.drain([PLACE], 0) }
})) {
  t.test(`a call that is given up because one of its partitions is ${what} costs the others neither attempt nor order`, async t => {
    const road = rig({ stages: [{ batch: { maxRecords: 4 }, orderKey: () => 'one lane' }], limits: { retryInPlaceMs: 0, maxAttempts: 1 } })
    const { poll, first, clock, committable, retryQueue, deadLetters, counts } = road
    await poll(1, 0, 'a/1', 'a/2')
    await poll(0, 0, 'a/3')
    await poll(1, 2, 'a/4', 'a/5', 'a/6')
    const call = first.last
    t.strictSame(call.partitions, [1, 1, 0, 1])
    await end(road)
    t.equal(call.signal.aborted, true)
    await call.settle(transient('ABORTED', 'given up'))
    await clock.pass(100)
    t.strictSame([first.last.offsets, first.last.partitions], [[0, 1, 2], [1, 1, 1]], 'again, alone, in order')
    await first.last.settle()
    await clock.pass(100)
    t.strictSame(first.last.offsets, [3, 4])
    await first.last.settle()
    t.equal(committable(1), 5)
    t.strictSame([retryQueue.calls.length, deadLetters.calls.length, counts.told['held']], [0, 0, undefined])
  })
}

t.test('what the record of a lost partition was to take along is sent on its own', async t => {
  const { engine, poll, first, clock, committable } = rig({ stages: [{ coalesce: 'latest', orderKey: () => 'one uid' }, { answer: () => DONE }] })
  await poll(1, 0, 'a/1')
  await poll(0, 0, 'a/1')
  await clock.pass(10)
  t.strictSame(first.last.partitions, [0], 'the newest has the older one of partition 1 behind it')
  engine.close([PLACE])
  await first.last.settle(transient('ABORTED', 'given up'))
  await clock.pass(1_000)
  t.strictSame([first.last.partitions, first.last.offsets], [[1], [0]])
  await first.last.settle()
  await clock.pass(100)
  t.equal(committable(1), 1)
  t.equal(engine.inFlight.records, 0)
})

t.test('and is done with it when the call that was given up had been carried out', async t => {
  const { engine, poll, first, last, clock, committable, counts } = rig({ stages: [{ coalesce: 'latest', orderKey: () => 'one uid' }, { answer: () => DONE }] })
  await poll(1, 0, 'a/1')
  await poll(0, 0, 'a/1')
  await clock.pass(10)
  engine.close([PLACE])
  await first.last.settle()
  await clock.pass(100)
  t.strictSame(last.calls.flatMap(call => call.partitions), [1], 'nothing of the lost partition goes on')
  t.equal(committable(1), 1)
  t.equal(first.calls.length, 1)
  t.equal(counts.told['lateSettled'], undefined)
})

t.test('what was still being examined is not sent', async t => {
  let answer: (() => void) | undefined
  const { engine, poll, first, clock } = rig({
    stages: [single],
    examiner: {
      examine: async chunk => await new Promise(resolve => { answer = () => { resolve(chunk.map(() => ({ class: 'valid', payload: { client: 'a', lane: 'a' } }))) } }),
      close: async () => {}
    }
  })
  await poll(0, 0, 'a/1')
  engine.close([PLACE])
  answer?.()
  await clock.pass(100)
  t.equal(first.calls.length, 0)
})

t.test('records that waited in line behind each other are dropped together', async t => {
  const { engine, poll, first, last, clock } = rig({ stages: [single, { ...single, orderKey: () => 'one lane' }] })
  await poll(0, 0, 'a/1', 'a/2', 'a/3')
  await first.calls[1]?.settle()
  await first.calls[2]?.settle()
  engine.close([PLACE])
  await clock.pass(100)
  t.equal(last.calls.length, 0)
})

t.test('records of a partition that is not assigned are not taken', async t => {
  const { engine, poll, first } = rig({ stages: [single] })
  await poll(0, 0, 'a/1')
  engine.close([PLACE])
  await poll(0, 1, 'a/2')
  t.equal(first.calls.length, 1)
  t.equal(engine.inFlight.records, 0)
})
