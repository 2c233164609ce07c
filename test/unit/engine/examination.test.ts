import t from 'tap'
import { Examination } from '../../../src/engine/examination.js'
import { type Verdict } from '../../../src/engine/examiner.js'
import { Flight, type Origin } from '../../../src/engine/flight.js'
import { type SourceRecord } from '../../../src/engine/record.js'
import { countingObserver } from '../../helpers/counting-observer.js'
import { recordOf } from '../../helpers/engine.js'
import { ManualClock, turn } from '../../helpers/manual-clock.js'

const NOWHERE: Origin<string> = { closed: false, draining: false, replay: false, started () {}, settle () {} }
const VALID: Verdict<string> = { class: 'valid', payload: 'x' }

interface Asked {
  readonly chunk: readonly SourceRecord[]
  answer (verdicts: ReadonlyArray<Verdict<string>>): void
  fail (): void
}

function examination () {
  const clock = new ManualClock()
  const counts = countingObserver()
  const asked: Asked[] = []
  const decided: number[] = []
  const examination = new Examination<string>({
    examiner: {
      examine: async chunk => await new Promise((resolve, reject) => {
        asked.push({ chunk, answer: resolve, fail: () => { reject(new Error('planted')) } })
      }),
      close: async () => {}
    },
    decided: flight => { decided.push(flight.offset) },
    chunkEnded: () => {},
    clock,
    backoff: { baseMs: 100, maxMs: 1_000, random: () => 0.5 },
    observer: counts.observer,
    incidents: counts.incidents
  })
  const push = (...offsets: number[]) => {
    const flights = offsets.map(offset => new Flight<string>(recordOf(0, offset, 'a'), NOWHERE, 0))
    examination.push(flights)
    return flights
  }
  return { examination, push, asked, decided, clock, counts }
}

t.test('chunks are examined side by side and decided in the order of their polls', async t => {
  const { push, asked, decided } = examination()
  push(0, 1)
  push(2)
  t.equal(asked.length, 2)
  asked[1]?.answer([VALID])
  await turn()
  t.strictSame(decided, [])
  asked[0]?.answer([VALID, VALID])
  await turn()
  t.strictSame(decided, [0, 1, 2])
})

t.test('what can not be examined is tried again until it can, and keeps its place', async t => {
  const { push, asked, decided, clock, counts } = examination()
  push(0)
  push(1)
  asked[1]?.answer([VALID])
  for (let failure = 0; failure < 20; failure++) {
    asked.at(failure === 0 ? 0 : -1)?.fail()
    await clock.pass(1_000)
  }
  t.equal(counts.told['examinerFailed'], 20)
  t.strictSame(decided, [])
  asked.at(-1)?.answer([VALID])
  await turn()
  t.strictSame(decided, [0, 1])
  t.equal(clock.pending, 0)
})

t.test('an answer that does not fit the chunk counts as none', async t => {
  const { push, asked, decided, counts } = examination()
  push(0, 1)
  asked[0]?.answer([VALID])
  await turn()
  t.strictSame([decided, counts.told['examinerFailed']], [[], 1])
})

t.test('records that were dropped while nothing could be examined are held no longer', async t => {
  const { push, asked, clock } = examination()
  const [dropped] = push(0, 1)
  asked[0]?.fail()
  if (dropped !== undefined) dropped.settled = true
  await clock.pass(1_000)
  t.strictSame(asked[1]?.chunk.map(record => record.offset), [1])
})

t.test('closed, it decides nothing and leaves no timer behind', async t => {
  const { examination: it, push, asked, decided, clock } = examination()
  push(0)
  push(1)
  asked[0]?.fail()
  await turn()
  it.close()
  t.equal(clock.pending, 0)
  asked[1]?.answer([VALID])
  await turn()
  push(2)
  t.strictSame([decided, asked.length], [[], 2])
})
