import t from 'tap'
import { PATIENT } from '../helpers/patience.js'
import { type TestService } from '../helpers/service.js'
import { startTestStack } from '../helpers/stack.js'
import { FaultRun } from './harness/fault-run.js'
import { groupModes, groupProperties } from './harness/group-modes.js'
import { parameter } from './harness/parameters.js'
import { ProgressWatch } from './harness/progress-watch.js'
import { steadyLoad } from './harness/steady-load.js'

/** At least; the load goes on until the last rebalance is over. */
const EVENTS = parameter('EVENTS', 50_000)
const REBALANCES = parameter('REBALANCES', 6)
const RATE_PER_SECOND = parameter('RATE', 2_000)
const PARTITIONS = 12
const MOST_MEMBERS = 3
/** Longer than any process here starves on a busy machine: nobody is expelled, every rebalance is a planned one. */
const SESSION_TIMEOUT_MS = 20_000
const KNOBS = {
  COMMIT_INTERVAL_MS: '100',
  /** What has started can be finished within the drain time, also by a machine that does other things at the same time. */
  MAX_IN_FLIGHT_RECORDS: '1000',
  REVOKE_DRAIN_MS: '20000',
  ...PATIENT
}

const { kafka } = await startTestStack(t, { servers: ['kafka'], kafka: { properties: groupProperties(SESSION_TIMEOUT_MS) } })

for (const { name: mode, knobs } of groupModes(SESSION_TIMEOUT_MS)) {
  t.test(`K4 with ${mode}: members that join and leave under load lose nothing, repeat nothing and keep the order`, async t => {
    const run = await FaultRun.create(t, { name: `rebalances-${mode}`, kafka: kafka.brokers, partitions: PARTITIONS, knobs: { ...knobs, ...KNOBS } })
    run.arm(
      { name: 'slow table', operation: 'BatchWriteItem', every: 2, delayMs: 30 },
      { name: 'slow queues', operation: 'SendMessageBatch', every: 3, delayMs: 50 }
    )
    let members: readonly TestService[] = await Promise.all([run.start(), run.start()])
    await areShared(members)
    const progress = new ProgressWatch(t, () => run.accepted)
    const standstillsMs: number[] = []
    const stopLoad = steadyLoad(t, run, { ratePerSecond: RATE_PER_SECOND, invalidShare: 0.02 })

    for (let rebalance = 1; rebalance <= REBALANCES; rebalance++) {
      const due = rebalance * EVENTS / (REBALANCES + 1)
      await members[0]?.sees('its share of the load has passed', () => run.accepted >= due, 300_000)
      progress.takeLongestMs()
      const leaver = chooseLeaver(run, members)
      if (leaver === undefined) members = [...members, await run.start()]
      else t.equal(await leaver.stop(), 0, 'the one that leaves has drained', { log: leaver.tail })
      members = members.filter(member => member !== leaver)
      await areShared(members)
      standstillsMs.push(progress.takeLongestMs())
    }

    await members[0]?.sees('all of the load has passed', () => run.accepted >= EVENTS, 300_000)
    await stopLoad()
    await run.finish({ timeoutMs: 300_000 })
    for (const member of members) {
      const metrics = await member.metrics()
      t.equal(metrics.sum('penstock_rebalances_total', { event: 'lost' }), 0, 'every rebalance was a planned one')
      t.equal(metrics.sum('penstock_late_settlements_total'), 0, 'nothing ended after its epoch')
    }
    t.comment(`figures: ${run.name}: ${REBALANCES} rebalances, longest time without progress in each: ${standstillsMs.join(', ')} ms`)
    t.same(await Promise.all(members.map(member => member.stop())), members.map(() => 0), 'each of the rest ends drained')
  })
}

async function areShared (members: readonly TestService[]): Promise<void> {
  await Promise.all(members.map(member => member.ownsPartitions(owned => owned === PARTITIONS / members.length, 120_000)))
}

/** By the run's dice; undefined when one is to join. */
function chooseLeaver (run: FaultRun, members: readonly TestService[]): TestService | undefined {
  const joins = members.length === 1 || (members.length < MOST_MEMBERS && run.random.fraction() < 0.5)
  return joins ? undefined : run.random.pick(members)
}
