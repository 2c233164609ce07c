import t from 'tap'
import { Waits } from '../../../src/engine/waits.js'
import { ManualClock } from '../../helpers/manual-clock.js'

t.test('a wait ends when its condition holds, its time is up or its signal aborts, and leaves no timer', async t => {
  const clock = new ManualClock()
  const waits = new Waits(clock)
  let holds = false
  const holding = waits.until(() => holds, 1_000)
  const short = waits.until(() => holds, 10)
  const cut = new AbortController()
  const aborted = waits.until(() => holds, 1_000, cut.signal)
  waits.check()
  clock.advance(10)
  t.equal(await short, false)
  cut.abort()
  t.equal(await aborted, false)
  holds = true
  waits.check()
  t.equal(await holding, true)
  t.equal(clock.pending, 0)
})

t.test('a condition that holds already needs no time', async t => {
  t.equal(await new Waits(new ManualClock()).until(() => true, 0), true)
  t.equal(await new Waits(new ManualClock()).until(() => false, 0), false)
  t.equal(await new Waits(new ManualClock()).until(() => false, 1_000, AbortSignal.abort()), false)
})
