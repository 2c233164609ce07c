import rdkafka from 'node-rdkafka'
import t from 'tap'
import { Rebalancer } from '../../../../src/connectors/kafka/rebalancer.js'
import { type KafkaLog } from '../../../../src/connectors/kafka/kafka-log.js'
import { type TopicPartition } from '../../../../src/engine/intake.js'
import { countingObserver } from '../../../helpers/counting-observer.js'
import { ManualClock, turn } from '../../../helpers/manual-clock.js'

const { ERR__ASSIGN_PARTITIONS, ERR__REVOKE_PARTITIONS } = rdkafka.CODES.ERRORS
const ASSIGN = { code: ERR__ASSIGN_PARTITIONS }
const REVOKE = { code: ERR__REVOKE_PARTITIONS }
const P0 = { topic: 'events', partition: 0 }
const P1 = { topic: 'events', partition: 1 }

/** A rebalancer whose client, committer and intake write down what they are asked, and whose drains end by hand. */
function setUp (cooperative: boolean, polling = false) {
  const steps: Array<() => void> = []
  const calls: string[] = []
  const drains: Array<() => void> = []
  const name = (partitions: readonly TopicPartition[]): string => partitions.map(({ partition }) => partition).join()
  const note = (call: string): void => { calls.push(call) }
  const clock = new ManualClock()
  const { observer } = countingObserver()
  const log = new Proxy({}, { get: () => () => {} }) as KafkaLog
  const rebalancer = new Rebalancer({
    open: partition => note(`open ${partition.partition}`),
    close: partitions => note(`close ${name(partitions)}`),
    drain: async (partitions, timeoutMs, signal) => {
      note(`drain ${name(partitions)} ${timeoutMs}`)
      if (timeoutMs <= 0) return false
      return await new Promise(resolve => {
        drains.push(() => { resolve(true) })
        signal?.addEventListener('abort', () => { resolve(false) })
      })
    }
  }, { cooperative, revokeDrainMs: 5_000, clock, observer, log }, {
    betweenPolls: step => {
      if (polling) steps.push(step)
      else step()
    },
    assigned: partitions => note(`assigned ${name(partitions)}`),
    released: partitions => note(`released ${name(partitions)}`)
  })
  const client = {
    assign: (partitions: readonly TopicPartition[]) => note(`assign ${name(partitions)}`),
    unassign: () => note('unassign'),
    incrementalAssign: (partitions: readonly TopicPartition[]) => note(`incrementalAssign ${name(partitions)}`),
    incrementalUnassign: (partitions: readonly TopicPartition[]) => note(`incrementalUnassign ${name(partitions)}`),
    seek: ({ partition, offset }: { partition: number, offset: number }) => note(`seek ${partition} ${offset}`)
  }
  const committer = { commit: async (partitions: readonly TopicPartition[] | undefined) => { note(`commit ${name(partitions ?? [])}`); return true } }
  // The client's methods return the client, which nobody here uses.
  rebalancer.serve(client as unknown as Parameters<Rebalancer['serve']>[0], committer)
  return { rebalancer, calls, drains, clock, take: () => calls.splice(0), endPoll: () => { for (const step of steps.splice(0)) step() } }
}

t.test('A revocation finishes and commits what has started before the partitions are given back', async t => {
  const { rebalancer, drains, take } = setUp(true)
  rebalancer.rebalanced(ASSIGN, [P0, P1])
  t.same(take(), ['open 0', 'open 1', 'incrementalAssign 0,1', 'assigned 0,1'])
  await turn()
  rebalancer.rebalanced(REVOKE, [P1])
  await turn()
  t.same(take(), ['drain 1 5000'], 'nothing is given back while records are under way')
  drains[0]?.()
  await turn()
  t.same(take(), ['commit 1', 'close 1', 'released 1', 'incrementalUnassign 1'])
  t.same(rebalancer.assigned, [P0])
})

t.test('Partitions that were lost are dropped and nothing of them is committed', async t => {
  const { rebalancer, take } = setUp(true)
  rebalancer.rebalanced(ASSIGN, [P0])
  await turn()
  take()
  rebalancer.lost()
  rebalancer.rebalanced(REVOKE, [P0])
  await turn()
  t.same(take(), ['close 0', 'released 0', 'incrementalUnassign 0'])
})

t.test('A suspicion of a loss ends with the next assignment, and with time', async t => {
  const { rebalancer, take } = setUp(true)
  rebalancer.lost()
  rebalancer.rebalanced(ASSIGN, [P0])
  await turn()
  take()
  rebalancer.rebalanced(REVOKE, [P0])
  await turn()
  t.same(take(), ['drain 0 5000'])
  const other = setUp(true)
  other.rebalancer.rebalanced(ASSIGN, [P0])
  await turn()
  other.rebalancer.lost()
  other.clock.advance(31_000)
  other.take()
  other.rebalancer.rebalanced(REVOKE, [P0])
  await turn()
  t.same(other.take(), ['drain 0 5000'])
})

t.test('A newer assignment does not wait for the drain of an older revocation', async t => {
  const { rebalancer, take } = setUp(true)
  rebalancer.rebalanced(ASSIGN, [P0])
  await turn()
  rebalancer.rebalanced(REVOKE, [P0])
  await turn()
  take()
  rebalancer.rebalanced(ASSIGN, [P1])
  await turn()
  t.same(take(), ['commit 0', 'close 0', 'released 0', 'incrementalUnassign 0', 'open 1', 'incrementalAssign 1', 'assigned 1'])
})

t.test('Without cooperation the whole assignment is given back and replaced', async t => {
  const { rebalancer, drains, take } = setUp(false)
  rebalancer.rebalanced(ASSIGN, [P0, P1])
  t.same(take(), ['close ', 'open 0', 'open 1', 'assign 0,1', 'assigned 0,1'])
  await turn()
  rebalancer.rebalanced(REVOKE, [P0, P1])
  await turn()
  drains[0]?.()
  await turn()
  t.same(take(), ['drain 0,1 5000', 'commit 0,1', 'close 0,1', 'released 0,1', 'unassign'])
  t.same(rebalancer.assigned, [])
})

t.test('An epoch begins only when the poll under way has come in: what it brings may be of the epoch before', async t => {
  const { rebalancer, endPoll, take } = setUp(true, true)
  rebalancer.rebalanced(ASSIGN, [P0])
  await turn()
  t.same(take(), [])
  endPoll()
  t.same(take(), ['open 0', 'incrementalAssign 0', 'assigned 0'])
})

t.test('A partition whose log was replaced finishes what has started, commits nothing of it, and begins anew', async t => {
  const { rebalancer, drains, take } = setUp(true)
  rebalancer.rebalanced(ASSIGN, [P0, P1])
  await turn()
  take()
  t.equal(rebalancer.restart(P1, 7), true)
  t.equal(rebalancer.restart(P1, 7), false, 'once is enough')
  await turn()
  t.same(take(), ['drain 1 5000'])
  drains[0]?.()
  await turn()
  t.same(take(), ['close 1', 'open 1', 'seek 1 7'])
  t.same(rebalancer.assigned, [P0, P1])
  rebalancer.restart({ topic: 'events', partition: 2 }, 7)
  await turn()
  t.same(take(), [], 'of a partition that is not assigned any more there is nothing to read')
})

t.test('A loss that is heard of while the partitions are drained ends the drain, and nothing is committed', async t => {
  const { rebalancer, take } = setUp(true)
  rebalancer.rebalanced(ASSIGN, [P0])
  await turn()
  rebalancer.rebalanced(REVOKE, [P0])
  await turn()
  take()
  rebalancer.lost()
  await turn()
  t.same(take(), ['close 0', 'released 0', 'incrementalUnassign 0'])
})

t.test('The end of the process waits for a drain that is under way, and says so when it had to cut it', async t => {
  const { rebalancer, drains, clock, take } = setUp(true)
  t.equal(await rebalancer.finish(2_000), true, 'nothing is under way')
  rebalancer.rebalanced(ASSIGN, [P0, P1])
  await turn()
  rebalancer.rebalanced(REVOKE, [P0])
  await turn()
  take()
  const finished = rebalancer.finish(2_000)
  clock.advance(1_999)
  await turn()
  t.same(take(), [])
  drains[0]?.()
  t.equal(await finished, true)
  t.match(take(), ['commit 0', 'close 0'])
  t.equal(clock.pending, 0)

  rebalancer.rebalanced(REVOKE, [P1])
  await turn()
  const cut = rebalancer.finish(2_000)
  clock.advance(2_000)
  t.equal(await cut, false)
})
