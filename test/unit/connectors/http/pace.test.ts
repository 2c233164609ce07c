import t from 'tap'
import { Pace } from '../../../../src/connectors/http/pace.js'
import { ManualClock, turn } from '../../../helpers/manual-clock.js'

const NEVER = new AbortController().signal

function rig (ratePerSecond?: number) {
  const clock = new ManualClock()
  const pace = new Pace(clock, ratePerSecond)
  const granted: number[] = []
  const ask = (signal = NEVER): void => { void pace.turn(signal).then(turn => { granted.push(turn ? clock.now() : -1) }) }
  return { clock, pace, granted, ask }
}

t.test('without a rate nothing waits', async t => {
  const { granted, ask } = rig()
  for (let index = 0; index < 1_000; index++) ask()
  await turn()
  t.equal(granted.length, 1_000)
})

t.test('after a rest one second\'s worth begins at once, then the rate holds', async t => {
  const { clock, granted, ask } = rig(10)
  for (let index = 0; index < 100; index++) ask()
  await turn()
  t.equal(granted.length, 10)
  await clock.pass(5_000)
  t.equal(granted.length, 60)
  await clock.pass(60_000)
  t.equal(granted.length, 100)
  for (let index = 0; index < 100; index++) ask()
  await turn()
  t.equal(granted.length, 110, 'a long rest saves up no more than one second\'s worth')
})

t.test('less than one a second is a rate too', async t => {
  const { clock, granted, ask } = rig(0.5)
  for (let index = 0; index < 3; index++) ask()
  await clock.pass(10_000)
  t.strictSame(granted, [0, 2_000, 4_000])
})

t.test('a pause holds what comes and what waits, in its order', async t => {
  const { clock, pace, granted, ask } = rig()
  pace.pause(1_000)
  ask()
  await clock.pass(500)
  pace.pause(2_000)
  ask()
  await clock.pass(1_999)
  t.strictSame(granted, [])
  await clock.pass(1)
  t.strictSame(granted, [2_500, 2_500])
  pace.pause(100)
  pace.pause(10)
  ask()
  await clock.pass(1_000)
  t.equal(granted[2], 2_600, 'a shorter pause does not cut a longer one')
})

t.test('who gives up waits no more and takes nobody\'s turn', async t => {
  const { clock, pace, granted, ask } = rig(1)
  ask()
  const controller = new AbortController()
  ask(controller.signal)
  ask()
  await turn()
  controller.abort()
  await turn()
  t.strictSame(granted, [0, -1])
  await clock.pass(1_000)
  t.strictSame(granted, [0, -1, 1_000])
  t.equal(await pace.turn(AbortSignal.abort()), false)
  t.equal(clock.pending, 0)
})
