import t from 'tap'
import { Flight, type Origin } from '../../../src/engine/flight.js'
import { Sequencer } from '../../../src/engine/sequencer.js'
import { recordOf } from '../../helpers/engine.js'

const NOWHERE: Origin<string> = { closed: false, draining: false, replay: false, started () {}, settle () {} }

function lineOf (count: number, key = (_offset: number) => 'x') {
  const through: number[] = []
  const sequencer = new Sequencer<string>(flight => { through.push(flight.offset) })
  const places = Array.from({ length: count }, (_, offset) => sequencer.join(new Flight<string>(recordOf(0, offset, 'a'), NOWHERE, 0), key(offset)))
  return { through, sequencer, ready: (offset: number) => { places[offset]!.ready() }, leave: (offset: number) => { places[offset]!.leave() } }
}

t.test('records are let through in the order they joined', t => {
  const { through, ready } = lineOf(4)
  ready(2)
  ready(1)
  t.strictSame(through, [])
  ready(0)
  t.strictSame(through, [0, 1, 2])
  ready(3)
  t.strictSame(through, [0, 1, 2, 3])
  t.end()
})

t.test('a record that leaves makes room, wherever it stands', t => {
  const { through, ready, leave } = lineOf(4)
  ready(3)
  ready(1)
  leave(2)
  leave(0)
  t.strictSame(through, [1, 3])
  t.end()
})

t.test('a record goes through once', t => {
  const { through, ready, leave } = lineOf(2)
  ready(0)
  ready(0)
  leave(0)
  ready(1)
  leave(1)
  t.strictSame(through, [0, 1])
  t.end()
})

t.test('lines do not wait for each other', t => {
  const { through, ready } = lineOf(4, offset => offset % 2 === 0 ? 'even' : 'odd')
  ready(1)
  ready(3)
  t.strictSame(through, [1, 3])
  t.end()
})

t.test('a line that was used up begins anew', t => {
  const { through, sequencer, ready } = lineOf(1)
  ready(0)
  sequencer.join(new Flight<string>(recordOf(0, 9, 'a'), NOWHERE, 0), 'x').ready()
  t.strictSame(through, [0, 9])
  t.end()
})
