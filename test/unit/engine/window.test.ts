import t from 'tap'
import { Flight } from '../../../src/engine/flight.js'
import { Window } from '../../../src/engine/window.js'
import { recordOf, type Parcel } from '../../helpers/engine.js'

function windowWith (...offsets: number[]) {
  const seen = { settled: [] as number[], late: 0 }
  const window = new Window<Parcel>('parcels', 0, 1, {
    settledIn: (_window, flight) => { seen.settled.push(flight.offset) },
    lateSettled: () => { seen.late++ }
  })
  const flights = offsets.map(offset => new Flight<Parcel>(recordOf(0, offset, 'a'), window, 0))
  for (const flight of flights) window.admit(flight)
  return { window, flights, seen }
}

t.test('before the first poll there is nothing to commit', t => {
  const { window } = windowWith()
  t.strictSame([window.watermark, window.committable, window.span], [-1, undefined, 0])
  t.end()
})

t.test('the watermark is the lowest unsettled offset, whatever the order of the ends', t => {
  const { window, flights } = windowWith(3, 4, 9)
  const [three, four, nine] = flights as [Flight<Parcel>, Flight<Parcel>, Flight<Parcel>]
  window.settle(nine)
  t.strictSame([window.watermark, window.committable, window.span], [3, undefined, 7])
  window.settle(three)
  t.strictSame([window.watermark, window.committable], [4, 4])
  window.committed(4)
  t.equal(window.committable, undefined)
  window.settle(four)
  t.strictSame([window.watermark, window.span, window.unsettled, window.unsettledBytes], [10, 0, 0, 0])
  window.committed(2)
  t.equal(window.committable, 10, 'an old confirmation takes nothing back')
  t.end()
})

t.test('the end of the log is committed once everything before it is settled', t => {
  const { window, flights } = windowWith(3, 4)
  const [three, four] = flights as [Flight<Parcel>, Flight<Parcel>]
  window.reachedEnd(7)
  t.strictSame([window.watermark, window.committable], [3, undefined])
  window.settle(three)
  window.settle(four)
  t.strictSame([window.watermark, window.committable, window.span], [7, 7, 0])
  window.committed(7)
  window.reachedEnd(6)
  t.strictSame([window.watermark, window.committable], [7, undefined], 'it never goes back')
  window.admit(new Flight<Parcel>(recordOf(0, 9, 'a'), window, 0))
  t.strictSame([window.watermark, window.committable], [9, 9], 'nor does it stop there: nothing lies between')
  t.end()
})

t.test('a log that holds no record at all is committed up to its end', t => {
  const { window } = windowWith()
  window.reachedEnd(7)
  t.strictSame([window.watermark, window.committable, window.span], [7, 7, 0])
  const ten = new Flight<Parcel>(recordOf(0, 10, 'a'), window, 0)
  window.admit(ten)
  t.strictSame([window.watermark, window.committable], [10, undefined], 'the first record stands where the group stands')
  window.committed(7)
  window.settle(ten)
  t.equal(window.committable, 11)
  t.end()
})

t.test('what a drain drops lies before the end of the log', t => {
  const { window, flights } = windowWith(1, 2)
  window.reachedEnd(5)
  window.started(flights[0] as Flight<Parcel>)
  window.drain()
  window.reachedEnd(6)
  window.settle(flights[0] as Flight<Parcel>)
  t.strictSame([window.watermark, window.committable], [2, 2])
  t.end()
})

t.test('an offset that surfaces twice is refused', t => {
  const { window, flights } = windowWith(3, 4)
  t.equal(window.admit(new Flight<Parcel>(recordOf(0, 4, 'a'), window, 0)), false)
  t.equal(window.unsettled, flights.length)
  t.end()
})

t.test('a record is settled once', t => {
  const { window, flights, seen } = windowWith(3)
  window.settle(flights[0] as Flight<Parcel>)
  window.settle(flights[0] as Flight<Parcel>)
  t.strictSame([seen.settled, window.unsettled], [[3], 0])
  t.end()
})

t.test('a drain keeps everything up to the highest started offset', t => {
  const { window, flights } = windowWith(1, 2, 3, 4)
  window.started(flights[1] as Flight<Parcel>)
  window.started(flights[0] as Flight<Parcel>)
  t.strictSame(window.drain().map(flight => flight.offset), [3, 4])
  t.strictSame([window.accepting, window.closed, window.unsettled], [false, false, 2])
  window.settle(flights[0] as Flight<Parcel>)
  window.settle(flights[1] as Flight<Parcel>)
  t.equal(window.committable, 3)
  t.strictSame(window.drain(), [], 'a second drain drops nothing')
  t.end()
})

t.test('a drain that is cut leaves the watermark below what was abandoned, and to be committed', t => {
  const { window, flights, seen } = windowWith(1, 2, 3)
  for (const flight of flights) window.started(flight)
  window.drain()
  window.settle(flights[0] as Flight<Parcel>)
  window.settle(flights[2] as Flight<Parcel>)
  t.strictSame(window.abandon().map(flight => flight.offset), [2])
  t.strictSame([window.closed, window.committable, window.unsettled], [true, 2, 0])
  window.settle(flights[1] as Flight<Parcel>)
  t.strictSame([window.committable, seen.late], [2, 1])
  t.end()
})

t.test('a closed window commits nothing and counts what comes late', t => {
  const { window, flights, seen } = windowWith(1, 2)
  window.settle(flights[0] as Flight<Parcel>)
  t.strictSame(window.close().map(flight => flight.offset), [2])
  window.settle(flights[1] as Flight<Parcel>)
  t.strictSame([window.committable, seen.late, seen.settled], [undefined, 1, [1]])
  t.strictSame(window.close(), [])
  t.end()
})
