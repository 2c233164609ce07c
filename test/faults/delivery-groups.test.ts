import t, { type Test } from 'tap'
import { type TestService } from '../helpers/service.js'
import { advancesBy } from './harness/advances-by.js'
import { owns } from './harness/delivery-ownership.js'
import { DeliveryRun } from './harness/delivery-run.js'
import { foreignCommits, type Member } from './harness/foreign-commits.js'
import { type GroupMode, groupModes, groupProperties } from './harness/group-modes.js'
import { type SeenCommit } from './harness/kafka-proxy/commit-faults.js'
import { startProxiedKafka } from './harness/kafka-proxy/proxied-kafka.js'
import { parameter } from './harness/parameters.js'
import { rebalancedAt } from './harness/rebalance-log.js'
import { steadyLoad } from './harness/steady-load.js'

const REBALANCES = parameter('REBALANCES', 2)
const PARTITIONS = 6
const RATE_PER_SECOND = 300
/** Where answers are held back. */
const SLOW_PER_SECOND = 100
/** Fewer than requests may be in flight: each has one while its answer is held back, and none waits for another's. */
const USERS = 30
const CONCURRENCY = 64
/** Each time that partitions are taken away: of each user the event that was under way, and few that ended above one of those. */
const MOST_REPEATS = 2 * USERS
const COMMIT_INTERVAL_MS = 100
const REVOKE_DRAIN_MS = 1_000
/** Nobody is expelled: what is slow are the destinations. */
const SESSION_TIMEOUT_MS = 20_000
/** Of the tests in which a member is to be expelled; with KIP-848 the broker's holds all the same. */
const SHORT_SESSION_MS = 6_000
/** What a group takes to hand over, on a busy machine. */
const HANDOVER_MS = 10_000

const { proxy, brokers } = await startProxiedKafka(t, groupProperties(SESSION_TIMEOUT_MS))

for (const mode of groupModes(SESSION_TIMEOUT_MS)) {
  t.test(`K4 with ${mode.name}: members of a destination's group that join and leave under load lose nothing, repeat nothing and keep the order of every user`, async t => {
    // What has started can be finished within the drain time, also by a machine that does other things at the same time.
    const run = await startRun(t, 'moving', mode, { REVOKE_DRAIN_MS: '20000' })
    run.target.delayMs = 20
    const first = await run.start('member-0')
    await owns(first, PARTITIONS)
    const stopLoad = steadyLoad(t, run, { ratePerSecond: RATE_PER_SECOND })
    const members = [member(first, 'member-0')]
    for (let rebalance = 0; rebalance < REBALANCES; rebalance += 2) {
      const clientId = `member-${members.length}`
      const guest = await run.start(clientId)
      members.push(member(guest, clientId))
      await Promise.all([first, guest].map(service => owns(service, PARTITIONS / 2)))
      const delivered = run.delivered
      await guest.sees('both work', () => run.delivered > delivered + RATE_PER_SECOND)
      t.equal(await guest.stop(), 0, 'the one that leaves has drained', { log: guest.tail })
      await owns(first, PARTITIONS)
    }
    await stopLoad()
    await run.finish({ repeats: 0 })
    const metrics = await first.metrics()
    t.equal(metrics.sum('penstock_rebalances_total', { event: 'lost' }), 0, 'every rebalance was a planned one')
    t.equal(metrics.sum('penstock_late_settlements_total'), 0, 'nothing ended after its epoch')
    t.same(foreignCommits(commitsOf(run), members), [], 'no commit is sent for a partition of another member')
    t.equal(new Set(commitsOf(run).map(({ clientId }) => clientId)).size, members.length, 'each of them has committed')
    t.same(new Set(run.target.requests.map(({ member }) => member)), new Set(members.map(({ clientId }) => clientId)), 'each of them has delivered')
    t.equal(await first.stop(), 0, { log: first.tail })
  })

  t.test(`K5, K6 with ${mode.name}: partitions are given back, and come back, while the destination has not answered: its late answers commit nothing, and the owner sends again what they were for`, async t => {
    const run = await startRun(t, 'late', mode)
    const { slow, stopLoad } = await startSlow(t, run)
    const guest = await run.start('guest')
    await owns(guest, PARTITIONS / 2)
    const givenBackMs = rebalancedAt(guest, 'assigned') - rebalancedAt(slow, 'revoked')
    t.ok(givenBackMs < REVOKE_DRAIN_MS + HANDOVER_MS, `a drain that hangs keeps the others from their partitions no longer than stated: ${givenBackMs} ms`)
    t.ok(run.target.givenUp > 0, 'requests of what was given back are given up')
    const delivered = run.delivered
    await guest.sees('the guest does its part', () => run.delivered > delivered + SLOW_PER_SECOND)
    t.equal(await guest.stop(), 0, { log: guest.tail })
    await owns(slow, PARTITIONS)
    await slow.sees('it has sent of all partitions again', () => run.target.held === USERS)
    const releasedAt = Date.now()
    run.target.releaseAnswers()
    await stopLoad()

    await run.finish({ repeats: 2 * MOST_REPEATS })
    t.ok(run.target.taken.repeats > 0, 'what nobody was told of is sent again')
    t.same(advancesBy('slow', commitsOf(run), rebalancedAt(slow, 'revoked'), releasedAt), [], 'without an answer it commits nothing that was not committed before')
    t.same(foreignCommits(commitsOf(run), [member(slow, 'slow'), member(guest, 'guest')]), [], 'no commit is sent for a partition of another member')
    t.equal(await slow.stop(), 0, { log: slow.tail })
  })
}

for (const mode of groupModes(SHORT_SESSION_MS)) {
  t.test(`P3, K10 with ${mode.name}: a process that is stopped, loses its partitions and goes on commits nothing of them, sends nothing before it knows, and repeats at most what it had sent`, async t => {
    const run = await startRun(t, 'zombie', mode)
    const heir = await run.start('heir')
    const { slow, stopLoad } = await startSlow(t, run, PARTITIONS / 2)
    slow.freeze()
    const stoppedAt = Date.now()
    await owns(heir, PARTITIONS)
    const takenOverMs = Date.now() - stoppedAt
    const delivered = run.delivered
    await heir.sees('the heir works for both', () => run.delivered > delivered + SLOW_PER_SECOND)
    const held = run.target.held
    t.ok(held > 0, 'its requests are open')
    run.target.releaseAnswers()
    const wokenAt = Date.now()
    slow.thaw()
    const knownAt = Date.parse(String((await slow.logged('partitions lost')).time))
    await Promise.all([slow, heir].map(service => owns(service, PARTITIONS / 2)))
    await stopLoad()

    await run.finish({ repeats: MOST_REPEATS })
    t.ok(run.target.taken.repeats >= held, 'the heir has sent all of them again')
    t.same(run.target.requests.filter(({ member, at }) => member === 'slow' && at >= wokenAt && at < knownAt), [], 'no request leaves before it knows what it has lost')
    t.same(foreignCommits(commitsOf(run), [member(slow, 'slow'), member(heir, 'heir')]), [], 'no commit is sent for a partition of another member')
    t.equal((await heir.metrics()).sum('penstock_rebalances_total', { event: 'lost' }), 0, 'the other loses nothing')
    t.comment(`figures: ${run.name}: taken over ${takenOverMs} ms after the stop, known ${knownAt - wokenAt} ms after it went on`)
    t.same(await Promise.all([slow, heir].map(service => service.stop())), [0, 0])
  })
}

async function startRun (t: Test, what: string, { name: mode, knobs }: GroupMode, more: Readonly<Record<string, string>> = {}): Promise<DeliveryRun> {
  return await DeliveryRun.create(t, {
    name: `delivery-${what}-${mode}`,
    kafka: brokers,
    partitions: PARTITIONS,
    users: USERS,
    // Only the drain ends a request that hangs.
    destination: { concurrency: CONCURRENCY, timeoutMs: 120_000 },
    knobs: { ...knobs, COMMIT_INTERVAL_MS: String(COMMIT_INTERVAL_MS), REVOKE_DRAIN_MS: String(REVOKE_DRAIN_MS), ...more }
  })
}

/** A member under load whose events are taken and whose answers are held back: each of its users has one under way, and nothing else moves. */
async function startSlow (t: Test, run: DeliveryRun, partitions = PARTITIONS) {
  const slow = await run.start('slow')
  await owns(slow, partitions)
  const stopLoad = steadyLoad(t, run, { ratePerSecond: SLOW_PER_SECOND })
  await slow.sees('it delivers', () => run.delivered > 2 * USERS)
  run.target.holdAnswers('slow')
  await slow.sees('its requests have come to rest', () => run.target.held > 0 && Date.now() - lastRequestOf(run, 'slow') > 10 * COMMIT_INTERVAL_MS)
  return { slow, stopLoad }
}

function lastRequestOf ({ target: { requests } }: DeliveryRun, clientId: string): number {
  return requests.findLast(({ member }) => member === clientId)?.at ?? 0
}

function member (service: TestService, clientId: string): Member {
  return { clientId, get log () { return service.log } }
}

function commitsOf ({ groupId }: DeliveryRun): SeenCommit[] {
  return proxy.commitFaults.commits.filter(commit => commit.groupId === groupId)
}
