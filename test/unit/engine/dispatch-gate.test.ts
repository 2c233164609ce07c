import t from 'tap'
import { type Clock } from '../../../src/engine/clock.js'
import { DispatchGate } from '../../../src/engine/dispatch-gate.js'
import { ManualClock } from '../../helpers/manual-clock.js'

function gateOn (clock: Clock, assigned = () => true) {
  const seen = { opened: 0 }
  return { seen, gate: new DispatchGate({ clock, maxSilenceMs: 5_000, settleMs: 1_000, assigned, opened: () => { seen.opened++ } }) }
}

t.test('it is open while polls come often enough', t => {
  const clock = new ManualClock()
  const { gate, seen } = gateOn(clock)
  for (let poll = 0; poll < 10; poll++) {
    clock.advance(4_000)
    gate.polled()
    t.equal(gate.open, true)
  }
  t.strictSame([seen.opened, clock.pending], [0, 0])
  t.end()
})

t.test('after a silence it opens only when polling has gone on for a while', t => {
  const clock = new ManualClock()
  const { gate, seen } = gateOn(clock)
  clock.advance(5_001)
  t.equal(gate.open, false)
  gate.polled()
  t.equal(gate.open, false)
  clock.advance(999)
  gate.polled()
  t.equal(gate.open, false)
  clock.advance(1)
  t.strictSame([gate.open, seen.opened], [true, 1])
  t.end()
})

t.test('a timer that fires a little early still opens it', t => {
  let fire: (() => void) | undefined
  let now = 0
  const { gate, seen } = gateOn({ now: () => now, wallTime: () => 0, setTimer: callback => { fire = callback; return { clear () {} } } })
  now = 6_000
  gate.polled()
  now = 6_999.5
  fire?.()
  t.strictSame([gate.open, seen.opened], [true, 1])
  t.end()
})

t.test('with nothing assigned it stands open', t => {
  const clock = new ManualClock()
  let assigned = true
  const { gate } = gateOn(clock, () => assigned)
  clock.advance(60_000)
  t.equal(gate.open, false)
  assigned = false
  t.equal(gate.open, true)
  t.end()
})

t.test('closed, it leaves no timer behind', t => {
  const clock = new ManualClock()
  const { gate } = gateOn(clock)
  clock.advance(60_000)
  gate.polled()
  gate.close()
  t.equal(clock.pending, 0)
  t.end()
})
