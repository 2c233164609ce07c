import t from 'tap'
import { Batcher, type Batch, type BatcherOptions } from '../../../src/engine/batcher.js'
import { Flight, type Origin } from '../../../src/engine/flight.js'
import { recordOf } from '../../helpers/engine.js'

const NOWHERE: Origin<string> = { closed: false, draining: false, replay: false, started () {}, settle () {} }

function batcherWith (policy: Partial<BatcherOptions['policy']> = {}, options: Partial<BatcherOptions> = {}) {
  const batcher = new Batcher<string>({ policy: { maxRecords: 4, maxBytes: 100, lingerMs: 10, ...policy }, maxPerLane: Infinity, coalesce: false, ...options })
  let offset = 0
  const add = (lane: string, count = 1, bytes = 1, at = 0): void => {
    for (let left = count; left > 0; left--) {
      const flight = new Flight<string>(recordOf(0, offset++, lane), NOWHERE, 0)
      flight.callBytes = bytes
      batcher.add(flight, lane, at)
    }
  }
  return { batcher, add }
}

/** One of a call's records failed; its lanes are free again. */
function fail (batcher: Batcher<string>, batch: Batch<string> | undefined, position = 0, now = 0): void {
  const [lane] = batch?.lanes ?? []
  const flight = batch?.flights[position]
  if (lane === undefined || flight === undefined) throw new Error('no call of one lane')
  batcher.putBack(lane, [], [flight])
  batcher.release(lane, now)
}

const offsets = (batch: Batch<string> | undefined) => batch?.flights.map(flight => flight.offset)

t.test('a batch leaves when it is full, or has its bytes, or its oldest record has waited', t => {
  const full = batcherWith()
  full.add('x', 5)
  t.strictSame([offsets(full.batcher.take(0)), full.batcher.waiting], [[0, 1, 2, 3], 1])
  const heavy = batcherWith()
  heavy.add('x', 2, 60)
  const batch = heavy.batcher.take(0)
  t.strictSame([offsets(batch), batch?.cause], [[0], 'bytes'])
  const slow = batcherWith()
  slow.add('x', 1, 1, 5)
  t.equal(slow.batcher.take(14), undefined)
  t.equal(slow.batcher.dueAt, 15)
  t.equal(slow.batcher.take(15)?.cause, 'linger')
  t.end()
})

t.test('one record larger than a call goes alone', t => {
  const { batcher, add } = batcherWith()
  add('x', 1, 500)
  add('y', 1, 1)
  t.strictSame(offsets(batcher.take(0)), [0])
  t.equal(batcher.waitingBytes, 1)
  t.end()
})

t.test('a lane in a call is not taken before it is released', t => {
  const { batcher, add } = batcherWith()
  add('x', 6)
  const first = batcher.take(0)
  t.equal(batcher.take(100), undefined)
  t.equal(batcher.dueAt, undefined)
  for (const lane of first?.lanes ?? []) batcher.release(lane, 0)
  t.strictSame(offsets(batcher.take(100)), [4, 5])
  t.end()
})

t.test('a lane that fills a call goes alone in it and first, but not for ever', t => {
  const { batcher, add } = batcherWith()
  add('small', 1)
  add('full', 80)
  const turns: boolean[] = []
  for (let call = 0; call < 10; call++) {
    const batch = batcher.take(0)
    turns.push(batch?.flights.some(flight => flight.offset === 0) ?? false)
    for (const lane of batch?.lanes ?? []) batcher.release(lane, 0)
  }
  t.equal(turns[0], false)
  t.ok(turns.includes(true), 'the small lane had its turn')
  t.end()
})

t.test('what failed goes again before the rest of its lane, and alone', t => {
  const { batcher, add } = batcherWith()
  add('x', 6)
  const batch = batcher.take(0) as Batch<string>
  const [lane] = batch.lanes
  if (lane === undefined) throw new Error('no lane')
  batcher.putBack(lane, [], [batch.flights[1], batch.flights[3]] as Array<Flight<string>>)
  batcher.release(lane, 0)
  const again = batcher.take(100)
  t.strictSame([offsets(again), again?.resent], [[1, 3], 2])
  for (const each of again?.lanes ?? []) batcher.release(each, 0)
  t.strictSame(offsets(batcher.take(100)), [4, 5])
  t.end()
})

t.test('with one entry of a lane in a call, a call is filled from many', t => {
  const { batcher, add } = batcherWith({}, { maxPerLane: 1 })
  for (const lane of ['x', 'y', 'z']) add(lane, 2)
  const batch = batcher.take(100)
  t.strictSame(offsets(batch), [0, 2, 4])
  t.strictSame(batch?.lanes.map(lane => lane.taken), [1, 1, 1])
  t.end()
})

t.test('coalescing takes the newest and what it supersedes', t => {
  const { batcher, add } = batcherWith({}, { maxPerLane: 1, coalesce: true })
  add('x', 3)
  const batch = batcher.take(100)
  t.strictSame(offsets(batch), [2])
  t.strictSame(batch?.flights[0]?.superseded?.map(flight => flight.offset), [0, 1])
  t.equal(batcher.waiting, 0)
  t.end()
})

t.test('removed records are gone, from lanes in a call too, and counts stay right', t => {
  const { batcher, add } = batcherWith({ maxRecords: 2 })
  add('x', 4)
  add('y', 2)
  const batch = batcher.take(0) as Batch<string>
  t.strictSame(batcher.remove(flight => flight.offset % 2 === 0).map(flight => flight.offset), [2, 4])
  t.strictSame([batcher.waiting, batcher.waitingBytes], [2, 2])
  for (const lane of batch.lanes) batcher.release(lane, 0)
  t.strictSame(offsets(batcher.take(100))?.sort(), [3, 5])
  t.equal(batcher.take(1_000), undefined)
  t.end()
})

t.test('removed resends no longer hold the rest of their lane apart', t => {
  const { batcher, add } = batcherWith({ maxRecords: 2 })
  add('x', 4)
  const batch = batcher.take(0) as Batch<string>
  const [lane] = batch.lanes
  if (lane === undefined) throw new Error('no lane')
  batcher.putBack(lane, [], batch.flights)
  batcher.remove(flight => flight.offset < 2)
  batcher.release(lane, 0)
  const next = batcher.take(100)
  t.strictSame([offsets(next), next?.resent], [[2, 3], 0])
  t.end()
})

t.test('a probe does not wait for company and takes no more than it may', t => {
  const { batcher, add } = batcherWith()
  t.equal(batcher.takeProbe(1), undefined)
  add('x', 8)
  add('y', 1)
  const probe = batcher.takeProbe(1)
  t.strictSame([offsets(probe), probe?.cause], [[8], 'probe'])
  t.strictSame(offsets(batcher.takeProbe(1)), [0], 'the next is of another lane')
  t.end()
})

t.test('a probe takes what has not failed yet before what has', t => {
  const { batcher, add } = batcherWith({ maxRecords: 1 })
  add('x')
  fail(batcher, batcher.take(0))
  add('y')
  t.strictSame(offsets(batcher.takeProbe(1)), [1])
  t.strictSame(offsets(batcher.takeProbe(1)), [0])
  t.end()
})

t.test('what failed in several lanes goes together in the next call, and a lane that is full fills it', t => {
  const { batcher, add } = batcherWith()
  add('x', 4)
  add('y', 4)
  const calls = [batcher.take(0), batcher.take(0)]
  fail(batcher, calls[0], 2)
  fail(batcher, calls[1])
  add('old')
  add('full', 5)
  const again = batcher.take(1)
  t.strictSame([offsets(again), again?.resent], [[2, 4, 9, 10], 2])
  t.end()
})

t.test('a lane waits for company from when it is free', t => {
  const { batcher, add } = batcherWith()
  add('x', 6)
  const [lane] = batcher.take(0)?.lanes ?? []
  if (lane === undefined) throw new Error('no lane')
  batcher.release(lane, 50)
  t.equal(batcher.dueAt, 60)
  t.equal(batcher.take(59), undefined)
  t.strictSame(offsets(batcher.take(60)), [4, 5])
  t.end()
})

t.test('what failed waits for company no longer than other lanes', t => {
  const { batcher, add } = batcherWith()
  add('x', 4)
  fail(batcher, batcher.take(0), 0, 5)
  add('y', 1, 1, 12)
  t.equal(batcher.dueAt, 15)
  t.strictSame(offsets(batcher.take(15)), [0, 4])
  t.end()
})
