import t from 'tap'
import { DONE, poison, transient } from '../../src/engine/outcome.js'
import { laneOf, rig } from '../helpers/engine.js'

for (const position of ['first', 'middle', 'last'] as const) {
  const at = { first: 0, middle: 2, last: 4 }[position]

  t.test(`a record that fails its examination in ${position} place spoils no neighbour`, async t => {
    const { poll, first, last, clock, failures, committable } = rig({ stages: [{ answer: () => DONE }, { answer: () => DONE }] })
    await poll(0, 0, ...Array.from({ length: 5 }, (_, index) => index === at ? 'poison' : `a/${index}`))
    await clock.pass(100)
    t.strictSame([...first.sent.flat()].sort(), [0, 1, 2, 3, 4].filter(offset => offset !== at))
    t.equal(last.sent.flat().length, 4)
    t.equal(failures.get(at)?.code, 'NOT_JSON')
    t.equal(committable(), 5)
  })

  t.test(`a record that a stage refuses in ${position} place spoils no neighbour`, async t => {
    const refuse = poison('REFUSED', 'planted')
    const { poll, last, clock, failures, committable } = rig({
      stages: [{ answer: () => DONE }, { orderKey: () => 'one lane', answer: call => call.flights.map(flight => flight.offset === at ? refuse : DONE) }]
    })
    await poll(0, 0, 'a/1', 'a/2', 'a/3', 'a/4', 'a/5')
    await clock.pass(100)
    t.strictSame(last.sent.flat(), [0, 1, 2, 3, 4], 'each was sent once, in order')
    t.strictSame([...failures.keys()], [at])
    t.equal(failures.get(at)?.stage, 'stage-1')
    t.equal(committable(), 5)
  })
}

t.test('a record that a later stage could never take is refused before it has any effect', async t => {
  const { poll, first, failures, clock } = rig({
    stages: [{ answer: () => DONE }, { answer: () => DONE, check: flight => laneOf(flight) === '2' ? poison('MESSAGE_TOO_LARGE', 'planted') : undefined }]
  })
  await poll(0, 0, 'a/1', 'a/2', 'a/3')
  await clock.pass(100)
  t.strictSame(first.sent.flat(), [0, 2])
  t.equal(failures.get(1)?.code, 'MESSAGE_TOO_LARGE')
  t.equal(failures.get(1)?.stage, 'stage-1')
})

t.test('what stands in line behind a record that was rejected or handed over does not wait for its acknowledgement', async t => {
  const silent = { answer: () => undefined }
  const { poll, last, clock, committable } = rig({
    stages: [
      { answer: call => call.flights.map(({ offset }) => offset === 0 ? poison('REFUSED', 'planted') : offset === 1 ? transient('ENTRY_FAILED', 'planted') : DONE) },
      { orderKey: () => 'one lane', answer: () => DONE }
    ],
    deadLetters: silent,
    retryQueue: silent
  })
  await poll(0, 0, 'a/1', 'a/2', 'a/3')
  await clock.pass(5_000)
  t.strictSame(last.sent.flat(), [2])
  t.equal(committable(), undefined, 'but its offset does')
})
