import t from 'tap'
import { DONE, environment, poison, transient } from '../../src/engine/outcome.js'
import { clientOf, laneOf, type Parcel, rig, TOPIC, type RigOptions } from '../helpers/engine.js'
import { type FakeCall } from '../helpers/fake-stage.js'

const PLACE = { topic: TOPIC, partition: 0 }
const GONE = environment('key', 'NOT_FOUND', 'planted')

/** One stage with a queue per client; records such as `a+b/lane` go to several. */
function fanOut (options: RigOptions = {}) {
  const road = rig({ stages: [{ batchKey: clientOf, batch: { lingerMs: 0 } }], branches: true, ...options })
  const callOf = (client: string): FakeCall<Parcel> => {
    const call = road.last.open.find(({ payloads }) => payloads[0]?.client === client)
    if (call === undefined) throw new Error(`no call to ${client}`)
    return call
  }
  const sentTo = (client: string): number[] => road.last.calls.filter(({ payloads }) => payloads[0]?.client === client).flatMap(({ offsets }) => offsets)
  return { ...road, callOf, sentTo }
}

t.test('an offset passes only when every destination of its record has acknowledged', async t => {
  const { poll, callOf, committable, counts, engine } = fanOut()
  await poll(0, 41, 'a+b+c/1')
  await callOf('b').settle()
  t.equal(committable(), undefined)
  await callOf('a').settle()
  t.equal(committable(), undefined)
  t.equal(engine.inFlight.records, 1, 'its credit is held until then')
  await callOf('c').settle()
  t.equal(committable(), 42)
  t.match([engine.inFlight, counts.sums['settled'], counts.sums['consumed']], [{ records: 0, bytes: 0 }, 1])
})

t.test('one destination is as it was: no branch, one end', async t => {
  const { poll, callOf, committable } = fanOut()
  await poll(0, 0, 'a/1')
  const [flight] = callOf('a').flights
  t.equal(flight?.branches, undefined)
  await callOf('a').settle()
  t.equal(committable(), 1)
})

t.test('a destination that is gone holds its own branches, and the others are served', async t => {
  const { poll, last, clock, sentTo, committable, engine } = fanOut()
  last.answer = ({ payloads }) => payloads[0]?.client === 'b' ? GONE : DONE
  await poll(0, 0, 'a+b/1', 'a/1', 'a+b/1')
  await clock.pass(5_000)
  t.strictSame([...new Set(sentTo('a'))], [0, 1, 2])
  t.equal(committable(), undefined)
  t.strictSame(engine.holds().map(({ key, waiting }) => [key, waiting]), [['b', 2]])
  last.answer = () => DONE
  await clock.pass(10_000)
  t.strictSame(sentTo('b').slice(-2), [0, 2], 'in order')
  t.equal(sentTo('a').length, 3, 'none of them again')
  t.equal(committable(), 3)
})

t.test('a branch that one destination refuses is a dead letter of its own, and the offset waits for it and for the others', async t => {
  const { poll, callOf, deadLetters, failures, committable } = fanOut({ deadLetters: { answer: () => undefined } })
  await poll(0, 7, 'a+b/1')
  await callOf('a').settle(poison('REFUSED', 'planted'))
  t.strictSame(deadLetters.sent, [[7]])
  await callOf('b').settle()
  t.equal(committable(), undefined)
  t.match(deadLetters.last.flights[0]?.failure, { code: 'REFUSED' })
  await deadLetters.last.settle()
  t.equal(committable(), 8)
  t.equal(failures.size, 0)
})

t.test('what a stage could never take of a record is refused before its call, and the other branches are sent', async t => {
  const { poll, callOf, failures, committable } = fanOut({
    stages: [{ batchKey: clientOf, batch: { lingerMs: 0 }, check: flight => clientOf(flight) === 'b' ? poison('MESSAGE_TOO_LARGE', 'planted') : undefined }]
  })
  await poll(0, 0, 'a+b/1', 'a/1')
  t.equal(failures.get(0)?.code, 'MESSAGE_TOO_LARGE')
  t.equal(committable(), undefined)
  await callOf('a').settle()
  t.equal(committable(), 2)
})

t.test('a branch fails and is tried again without its siblings', async t => {
  const { poll, callOf, clock, sentTo, committable } = fanOut()
  await poll(0, 0, 'a+b/1')
  await callOf('b').settle()
  await callOf('a').settle(transient('SERVER_ERROR', 'planted'))
  await clock.pass(1_000)
  t.strictSame([sentTo('a'), sentTo('b')], [[0, 0], [0]])
  await callOf('a').settle()
  t.equal(committable(), 1)
})

t.test('each branch passes all stages by itself, in the order of its lane', async t => {
  const single = { batchKey: clientOf, batch: { maxRecords: 1, lingerMs: 0 }, orderKey: laneOf }
  const { poll, first, last, committable } = fanOut({ stages: [single, { ...single, orderKey: clientOf }] })
  const sent = (): unknown[] => last.calls.map(({ payloads, offsets }) => [payloads[0]?.client, offsets])
  await poll(0, 0, 'a+b/1', 'a+b/2')
  const of = (client: string, offset: number) => first.open.find(({ payloads, offsets }) => payloads[0]?.client === client && offsets[0] === offset)
  await of('b', 1)?.settle()
  t.strictSame(sent(), [], 'its turn has not come')
  await of('a', 0)?.settle()
  await of('b', 0)?.settle()
  t.strictSame(sent(), [['a', [0]], ['b', [0]]])
  last.answer = () => DONE
  for (const call of last.open) await call.settle()
  t.strictSame(sent(), [['a', [0]], ['b', [0]], ['b', [1]]])
  t.equal(committable(), 1)
})

t.test('a record without any destination is settled at once, and none of its system\'s business', async t => {
  const { poll, callOf, committable, last, engine } = fanOut()
  await poll(0, 0, '-/1', '-/1', 'a/1', '-/1')
  t.equal(committable(), 2)
  await callOf('a').settle()
  t.equal(committable(), 4)
  t.equal(last.calls.length, 1)
  t.equal(engine.inFlight.records, 0)
})

t.test('with its epoch all branches of a record are gone: the waiting are not sent, the calls of the others are given up', async t => {
  const { engine, poll, callOf, last, clock, counts } = fanOut({ stages: [{ batchKey: clientOf, batch: { maxRecords: 1, lingerMs: 0 } }] })
  await poll(0, 0, 'a+b/1', 'a+b/1')
  const [a, b] = [callOf('a'), callOf('b')]
  engine.close([PLACE])
  t.strictSame([a.signal.aborted, b.signal.aborted, engine.inFlight.records], [true, true, 0])
  await a.settle()
  await b.settle()
  await clock.pass(10_000)
  t.equal(last.calls.length, 2, 'offset 1 never left')
  t.equal(counts.told['lateSettled'], 1, 'late ends are counted by record')
  t.equal(counts.sums['settled'] ?? 0, 0)
})

t.test('a drain awaits every branch of what has started, and sends nothing of what has not', async t => {
  const { engine, poll, callOf, last, committable } = fanOut({ stages: [{ batchKey: clientOf, batch: { maxRecords: 1, lingerMs: 0 }, concurrency: 1 }] })
  await poll(0, 0, 'a+b/1', 'a+b/1')
  const drained = engine.drain([PLACE], 1_000)
  await callOf('a').settle()
  t.equal(committable(), undefined)
  await callOf('b').settle()
  t.equal(await drained, true)
  t.equal(committable(), 1)
  t.strictSame(last.sent, [[0], [0]])
})

t.test('when a drain is cut between two branches, the watermark stays below their record', async t => {
  const { engine, poll, callOf, clock, committable } = fanOut()
  await poll(0, 0, 'a/1', 'a+b/1')
  const drained = engine.drain([PLACE], 1_000)
  await callOf('a').settle()
  await clock.pass(1_000)
  t.equal(await drained, false)
  t.equal(committable(), 1)
  t.equal(callOf('b').signal.aborted, true)
})

t.test('branches and a retry queue do not go together: it holds whole records', async t => {
  t.throws(() => rig({ branches: true, retryQueue: {} }), { name: 'TypeError' })
})
