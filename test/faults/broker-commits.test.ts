import t from 'tap'
import { PATIENT } from '../helpers/patience.js'
import { FaultRun } from './harness/fault-run.js'
import { foreignCommits } from './harness/foreign-commits.js'
import { type CommitFault } from './harness/kafka-proxy/commit-faults.js'
import { startProxiedKafka } from './harness/kafka-proxy/proxied-kafka.js'
import { parameter } from './harness/parameters.js'
import { progress } from './harness/progress.js'
import { expulsionsOf } from './harness/rebalance-log.js'
import { steadyLoad } from './harness/steady-load.js'

const IN_A_ROW = parameter('COMMIT_FAULTS', 20)
/** Few enough for the drain of a revocation. */
const REFUSED_A_MOVE = 5
const RATE_PER_SECOND = 200
const PARTITIONS = 4
const MAX_IN_FLIGHT = 500
const KNOBS = { COMMIT_INTERVAL_MS: '100', KAFKA_SESSION_TIMEOUT_MS: '6000', MAX_IN_FLIGHT_RECORDS: String(MAX_IN_FLIGHT), CHUNK_RECORDS: '100', ...PATIENT }

interface Case {
  readonly name: string
  readonly what: string
  readonly fault: CommitFault
  /** Kafka expels the member that hears this: what is in flight then is done again. */
  readonly expels?: boolean
}

/** https://kafka.apache.org/protocol#protocol_error_codes */
const CASES: readonly Case[] = [
  { name: 'illegal-generation', what: 'refused for their generation (22)', fault: { kind: 'refuse', code: 22 }, expels: true },
  { name: 'rebalance', what: 'refused during a rebalance (27)', fault: { kind: 'refuse', code: 27 } },
  { name: 'not-coordinator', what: 'refused by a broker that is no coordinator (16)', fault: { kind: 'refuse', code: 16 } },
  { name: 'loading', what: 'refused by a coordinator that is loading (14)', fault: { kind: 'refuse', code: 14 } },
  { name: 'lie', what: 'done, and said to be refused (27)', fault: { kind: 'lie', code: 27 } },
  { name: 'lost-request', what: 'lost on their way', fault: { kind: 'drop-request' } },
  { name: 'lost-answer', what: 'done, and the answer lost', fault: { kind: 'drop-answer' } }
]

const { proxy, brokers } = await startProxiedKafka(t)
const { commitFaults } = proxy

for (const { name, what, fault, expels = false } of CASES) {
  t.test(`K7: commits that are ${what}, alone and ${IN_A_ROW} in a row, are followed by the newest safe offset`, async t => {
    t.teardown(() => { commitFaults.disarm() })
    const run = await FaultRun.create(t, { name, kafka: brokers, partitions: PARTITIONS, knobs: KNOBS })
    const service = await run.start()
    await service.ownsPartitions(owned => owned === PARTITIONS)
    const stopLoad = steadyLoad(t, run, { ratePerSecond: RATE_PER_SECOND, invalidShare: 0.02, key: 'uid' })
    const hitsBefore = commitFaults.hits
    const recoveries: number[] = []
    for (const times of [1, IN_A_ROW]) {
      await progress(run, PARTITIONS)
      commitFaults.arm(fault, times)
      await service.sees(`${times} commits have met it`, () => commitFaults.left === 0)
      const clearedAt = performance.now()
      await progress(run, PARTITIONS)
      recoveries.push(Math.round(performance.now() - clearedAt))
    }
    await stopLoad()
    const hits = commitFaults.hits - hitsBefore
    await run.road.isWorkedOff([service])
    const most = ((expels ? hits : 0) + expulsionsOf([service])) * MAX_IN_FLIGHT
    await run.finish({ repeats: { rows: most, messages: most, letters: most }, order: most > 0 ? 'reported' : 'exact' })
    t.equal(hits, 1 + IN_A_ROW)
    t.comment(`figures: ${name}: commits faulted ${hits}, next commit after ${recoveries.join(' and ')} ms`)
    t.same(wentBack(run), [], 'each commit that left carries the newest offset, or the same')
    t.ok((await service.metrics()).sum('penstock_settled_records_total') > 0)
    t.equal(await service.stop(), 0, { log: service.tail })
  })
}

t.test('K9: commits that are refused while partitions move are not sent again once another member owns them', async t => {
  t.teardown(() => { commitFaults.disarm() })
  const run = await FaultRun.create(t, { name: 'moving', kafka: brokers, partitions: PARTITIONS, knobs: KNOBS })
  const first = await run.start({ KAFKA_CLIENT_ID: 'first' })
  await first.ownsPartitions(owned => owned === PARTITIONS)
  const stopLoad = steadyLoad(t, run, { ratePerSecond: RATE_PER_SECOND, key: 'uid' })
  await progress(run, PARTITIONS)
  const hitsBefore = commitFaults.hits
  const members = [first]
  for (const clientId of ['second', 'third']) {
    commitFaults.arm({ kind: 'refuse', code: 27 }, REFUSED_A_MOVE)
    const other = await run.start({ KAFKA_CLIENT_ID: clientId })
    members.push(other)
    await Promise.all([first, other].map(member => member.ownsPartitions(owned => owned === PARTITIONS / 2)))
    await first.sees('the refusals are over', () => commitFaults.left === 0)
    await progress(run, PARTITIONS)
    commitFaults.arm({ kind: 'refuse', code: 27 }, REFUSED_A_MOVE)
    t.equal(await other.stop(), 0, { log: other.tail })
    await first.ownsPartitions(owned => owned === PARTITIONS)
    await first.sees('the refusals are over', () => commitFaults.left === 0)
  }
  await stopLoad()
  await run.road.isWorkedOff([first])
  const most = expulsionsOf(members) * MAX_IN_FLIGHT
  await run.finish({ repeats: { rows: most, messages: most, letters: most } })
  t.equal(commitFaults.hits - hitsBefore, 4 * REFUSED_A_MOVE)
  const commits = commitFaults.commits.filter(({ groupId }) => groupId === run.name)
  t.same(foreignCommits(commits, members.map((member, index) => ({ clientId: ['first', 'second', 'third'][index] ?? '', log: member.log }))), [])
  t.equal(new Set(commits.map(({ clientId }) => clientId)).size, members.length, 'each of them has committed')
})

/** Of the commits that left the service, refused or not. A member that was expelled begins where the last was accepted. */
function wentBack ({ name }: FaultRun): string[] {
  const highest = new Map<string, number>()
  return commitFaults.commits.filter(({ groupId }) => groupId === name).flatMap(({ generation, partitions }) => partitions.flatMap(({ partition, offset }) => {
    const place = `partition ${partition}, generation ${generation}`
    const before = highest.get(place) ?? -1
    highest.set(place, Math.max(before, offset))
    return offset < before ? [`${place}: ${offset} after ${before}`] : []
  }))
}
