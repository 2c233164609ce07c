import t from 'tap'
import { Committer } from '../../../../src/connectors/kafka/committer.js'
import { type KafkaLog } from '../../../../src/connectors/kafka/kafka-log.js'
import { type CommittableOffset } from '../../../../src/engine/intake.js'
import { countingObserver } from '../../../helpers/counting-observer.js'
import { ManualClock, turn } from '../../../helpers/manual-clock.js'

function setUp () {
  const clock = new ManualClock()
  const sent: number[] = []
  const confirmed: number[] = []
  const state = { offset: 10, settledTotal: 0 }
  const intake = {
    get settledTotal () { return state.settledTotal },
    committable: (): CommittableOffset[] => confirmed.at(-1) === state.offset ? [] : [{ topic: 'events', partition: 0, offset: state.offset }],
    committed: (offsets: readonly CommittableOffset[]) => { for (const { offset } of offsets) confirmed.push(offset) }
  }
  const consumer = { commit: (offsets: CommittableOffset[]) => { for (const { offset } of offsets) sent.push(offset) } }
  const { told, observer } = countingObserver()
  // The client's `commit` returns the client, which nobody here uses.
  const committer = new Committer(consumer as unknown as ConstructorParameters<typeof Committer>[0], intake, {
    commitIntervalMs: 500, commitEveryRecords: 1_000, clock, observer, log: new Proxy({}, { get: () => () => {} }) as KafkaLog
  })
  return { clock, sent, confirmed, state, committer, told }
}

t.test('Commits leave when the interval is over or enough is settled, one at a time', async t => {
  const { clock, sent, state, committer } = setUp()
  committer.consider()
  t.same(sent, [], 'too early')
  clock.advance(500)
  committer.consider()
  t.same(sent, [10])
  state.offset = 20
  clock.advance(500)
  committer.consider()
  t.same(sent, [10], 'the answer to the first is still out')
  committer.answered(null, [{ topic: 'events', partition: 0, offset: 10 }])
  await turn()
  state.settledTotal = 1_000
  committer.consider()
  t.same(sent, [10, 20], 'enough is settled')
})

t.test('A commit that failed is followed by one of the newest safe offset', async t => {
  const { clock, sent, confirmed, state, committer, told } = setUp()
  const done = committer.commit(undefined, 5_000)
  await turn()
  committer.answered(new Error('Broker: Not coordinator'), [])
  await turn()
  state.offset = 30
  await clock.pass(100)
  t.same(sent, [10, 30])
  committer.answered(undefined, [{ topic: 'events', partition: 0, offset: 30 }])
  t.equal(await done, true)
  t.same(confirmed, [30])
  t.equal(told.commitFailed, 1)
})

t.test('A commit without an answer fails at its deadline, and the caller is told', async t => {
  const { clock, confirmed, committer } = setUp()
  const done = committer.commit(undefined, 1_000)
  await clock.pass(2_000)
  t.equal(await done, false)
  t.same(confirmed, [])
})

t.test('A late answer to a commit that was given up confirms nothing of the next one', async t => {
  const { clock, confirmed, state, committer } = setUp()
  const first = committer.commit(undefined, 1_000)
  await clock.pass(2_000)
  t.equal(await first, false)
  state.offset = 40
  const second = committer.commit(undefined, 1_000)
  await turn()
  committer.answered(null, [{ topic: 'events', partition: 0, offset: 10 }])
  await turn()
  t.same(confirmed, [])
  committer.answered(null, [{ topic: 'events', partition: 0, offset: 40 }])
  t.equal(await second, true)
  t.same(confirmed, [40])
})
