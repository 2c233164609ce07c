import rdkafka from 'node-rdkafka'
import t from 'tap'
import { Committer } from '../../src/connectors/kafka/committer.js'
import { type KafkaLog } from '../../src/connectors/kafka/kafka-log.js'
import { Rebalancer } from '../../src/connectors/kafka/rebalancer.js'
import { DONE } from '../../src/engine/outcome.js'
import { rig, TOPIC } from '../helpers/engine.js'
import { turn } from '../helpers/manual-clock.js'

const { ERR__ASSIGN_PARTITIONS, ERR__REVOKE_PARTITIONS } = rdkafka.CODES.ERRORS
const P0 = { topic: TOPIC, partition: 0 }
const DRAIN_MS = 1_000

/** Engine, committer and rebalancer as the source wires them, and a client that writes down what it is asked. */
async function withOneRecordSettled () {
  const { engine, clock, counts, poll } = rig({ stages: [{ answer: () => DONE }] })
  const log = new Proxy({}, { get: () => () => {} }) as KafkaLog
  const asked: string[] = []
  const client = {
    commit: ([{ offset } = { offset: -1 }]: ReadonlyArray<{ offset: number }>) => { asked.push(`commit ${offset}`) },
    assign: () => { asked.push('assign') },
    unassign: () => { asked.push('unassign') },
    incrementalAssign: () => { asked.push('incrementalAssign') },
    incrementalUnassign: () => { asked.push('incrementalUnassign') },
    seek: () => { asked.push('seek') }
  }
  // The client's methods return the client, which nobody here uses.
  const committer = new Committer(client as unknown as ConstructorParameters<typeof Committer>[0], engine, {
    commitIntervalMs: 1e9, commitEveryRecords: 1e9, clock, observer: counts.observer, log
  })
  const rebalancer = new Rebalancer(engine, { cooperative: true, revokeDrainMs: DRAIN_MS, clock, observer: counts.observer, log }, {
    betweenPolls: step => { step() },
    assigned: () => {},
    released: () => {}
  })
  rebalancer.serve(client as unknown as Parameters<Rebalancer['serve']>[0], committer)
  rebalancer.rebalanced({ code: ERR__ASSIGN_PARTITIONS }, [P0])
  await turn()
  await poll(1, 0) // The rig assigns a partition with its first poll; this one is the rebalancer's.
  engine.receive([{ ...P0, offset: 7, key: null, value: Buffer.from('a/1'), headers: [], timestamp: -1 }])
  await clock.pass(100)
  asked.length = 0
  return { rebalancer, committer, clock, asked }
}

t.test('a revoked partition is kept until the answer to its last commit is there', async t => {
  const { rebalancer, committer, asked } = await withOneRecordSettled()
  rebalancer.rebalanced({ code: ERR__REVOKE_PARTITIONS }, [P0])
  await turn()
  t.strictSame(asked, ['commit 8'], 'the answer is out')
  committer.answered(null, [{ ...P0, offset: 8 }])
  await turn()
  t.strictSame(asked, ['commit 8', 'incrementalUnassign'])
})

t.test('a refused commit is tried again before the partition is given back', async t => {
  const { rebalancer, committer, clock, asked } = await withOneRecordSettled()
  rebalancer.rebalanced({ code: ERR__REVOKE_PARTITIONS }, [P0])
  await turn()
  committer.answered(new Error('Broker: Not coordinator'), [])
  await clock.pass(100)
  t.strictSame(asked, ['commit 8', 'commit 8'])
  committer.answered(null, [{ ...P0, offset: 8 }])
  await turn()
  t.strictSame(asked, ['commit 8', 'commit 8', 'incrementalUnassign'])
})

t.test('a commit that is never answered keeps the partition for the drain time and hardly longer', async t => {
  const { rebalancer, clock, asked } = await withOneRecordSettled()
  rebalancer.rebalanced({ code: ERR__REVOKE_PARTITIONS }, [P0])
  await clock.pass(DRAIN_MS - 1)
  t.strictSame(asked, ['commit 8'])
  await clock.pass(101)
  t.strictSame(asked, ['commit 8', 'incrementalUnassign'])
})
