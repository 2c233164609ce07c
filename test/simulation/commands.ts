import fc, { type Arbitrary, type AsyncCommand } from 'fast-check'
import { turn } from '../helpers/manual-clock.js'
import { endCall, storms, waysToEnd, WELL } from './ways-to-end.js'
import { type World } from './world.js'

type Step = AsyncCommand<World, undefined>

/** One thing that may happen: where it is possible, and what it does. Its details are what fast-check shrinks. */
function happening<D> (name: string, details: Arbitrary<D>, possible: (world: Readonly<World>, details: D) => boolean, act: (world: World, details: D) => Promise<void> | void): Arbitrary<Step> {
  return details.map(detail => ({
    check: world => possible(world, detail),
    run: async world => {
      world.findings.reach(`⋅ ${name}`)
      world.findings.note(() => `${name} ${JSON.stringify(detail)}`)
      await act(world, detail)
      await world.step()
    },
    toString: () => `${name} ${JSON.stringify(detail)}`
  }))
}

/** As long as the committer waits for an answer. */
const COMMIT_ANSWER_MS = 10_000

const pick = fc.nat(7)
const partitions = fc.integer({ min: 1, max: 7 })
const faulty = (world: Readonly<World>): boolean => !world.configuration.calm
const running = (world: Readonly<World>): boolean => world.life.state === 'running'

const poll = happening('poll', fc.record({ most: fc.integer({ min: 1, max: 12 }), again: fc.constantFrom(0, 0, 0, 0, 2) }), () => true,
  (world, { most, again }) => { world.life.poll(most, again) })

const slowPoll = happening('a poll begins', fc.integer({ min: 1, max: 12 }), world => !world.life.polling,
  (world, most) => { world.life.beginPoll(most, 0) })

const examination = happening('an examination ends', fc.constantFrom(false, false, false, false, false, true), world => world.scheduler.count() > 0,
  async (world, fails) => {
    world.examinationFails = fails && faulty(world)
    await world.scheduler.waitNext(1)
  })

const call = happening('a call ends', fc.record({ pick, way: waysToEnd }), world => world.calls.some(({ hangs }) => !hangs),
  (world, { pick, way }) => {
    const open = world.calls.filter(({ hangs }) => !hangs)
    world.findings.reach(endCall(world, open[pick % open.length] as typeof open[0], faulty(world) ? way : WELL))
  })

const hang = happening('a call hangs', pick, world => faulty(world) && world.calls.length > 0,
  (world, pick) => { (world.calls[pick % world.calls.length] as typeof world.calls[0]).hangs = true })

const orphan = happening('a call of the past arrives', fc.record({ pick, entries: fc.constantFrom(-1, -1, 0, 1, 2, 5, 10) }), world => world.orphans.length > 0,
  (world, { pick, entries }) => { world.landOrphan(world.orphans[pick % world.orphans.length] as typeof world.orphans[0], index => (entries >> (index % 31) & 1) === 1) })

const time = happening('time passes', fc.constantFrom(1, 5, 20, 50, 100, 200, 500, 1_000, 2_000, 6_000), () => true,
  async (world, ms) => { await world.life.clock.pass(ms) })

const commit = happening('a commit is answered', fc.constantFrom('confirmed', 'confirmed', 'confirmed', 'refused', 'answer lost', 'lost', 'answered late'), world => world.broker.pending.length > 0,
  (world, planned) => {
    const { broker, life } = world
    const answer = faulty(world) ? planned : 'confirmed'
    const request = broker.pending.shift() as typeof broker.pending[0]
    const applied = answer !== 'lost' && answer !== 'refused' && world.applyCommit(request)
    world.findings.reach(applied ? `commit ${answer}` : 'commit that failed')
    if (!applied || answer !== 'confirmed') world.commitFailed()
    if (answer === 'lost' || answer === 'answer lost' || answer === 'answered late') broker.silentUntil = world.now + COMMIT_ANSWER_MS
    if (answer === 'confirmed' && applied) life.committer.answered(null, request.offsets)
    else if (answer === 'answered late' && applied) broker.late.push(request)
    else if (answer === 'refused' || answer === 'confirmed') life.committer.answered(new Error('planned'), [])
  })

const lateCommit = happening('a commit is answered late', fc.constant(0), world => world.broker.late.length > 0,
  world => { world.life.committer.answered(null, world.broker.late.shift()?.offsets) })

const assign = happening('partitions are assigned', partitions, world => running(world) && !world.broker.expelled && assignable(world).length > 0,
  (world, mask) => {
    const free = assignable(world)
    world.life.assign(chosen(free, mask))
  })

const revoke = happening('partitions are revoked', partitions, world => running(world) && !world.broker.expelled && world.life.promised.size > 0,
  (world, mask) => { takeBack(world, mask) })

const expel = happening('the group throws the member out', fc.constant(0), world => faulty(world) && running(world) && world.life.promised.size > 0,
  world => { world.broker.expelled = true })

/** Every partition is gone at once. The client may take it for a revocation: the broker fences its commit. */
const lose = happening('the member learns of it', fc.constantFrom(true, true, false), world => world.broker.expelled && running(world) && world.life.promised.size > 0,
  (world, known) => { world.life.revoke([...world.life.promised], known) })

const other = happening('another member works', fc.record({ pick, most: fc.integer({ min: 1, max: 6 }) }), world => elsewhere(world).length > 0,
  (world, { pick, most }) => {
    const free = elsewhere(world)
    world.workElsewhere(free[pick % free.length] as number, most)
  })

const replays = happening('replays are taken', fc.record({ most: fc.integer({ min: 1, max: 5 }), deletionsFail: fc.constantFrom(false, false, false, true) }), world => running(world) && world.retryQueue.messages.length > 0,
  (world, { most, deletionsFail }) => {
    world.life.deletionsFail = deletionsFail && faulty(world)
    world.life.takeReplays(most)
  })

const crash = happening('the process crashes', fc.boolean(), faulty,
  (world, commitsArrive) => { world.crash(commitsArrive) })

const stop = happening('the process stops', fc.constantFrom(10_000, 400), running,
  (world, graceMs) => { world.stop(graceMs) })

/** All calls of one stage end badly for a while, as they do when a system is sick; the others go on. */
const storm = happening('a storm', fc.record({ stage: fc.constantFrom('queues', 'queues', 'table', 'retry queue', 'dead letters'), way: storms, rounds: fc.integer({ min: 5, max: 60 }) }), world => faulty(world) && world.calls.length > 0,
  async (world, { stage, way, rounds }) => {
    world.examinationFails = false
    for (let round = 0; round < rounds; round++) {
      world.life.poll(12, 0)
      while (world.scheduler.count() > 0) await world.scheduler.waitNext(1)
      for (const open of [...world.calls]) {
        endCall(world, open, open.stage.name === stage ? way : WELL)
        await turn()
        world.life.books.judge()
      }
      await world.life.clock.pass(110)
      await world.step()
    }
  })

/** What is possible only now and then weighs more, so that schedules get somewhere. */
const COMMANDS: ReadonlyArray<readonly [weight: number, command: Arbitrary<Step>]> = [
  [80, call], [40, examination], [16, poll], [3, slowPoll], [10, time], [16, commit], [12, replays], [24, assign], [2, revoke], [4, orphan], [2, hang],
  [3, lateCommit], [1, expel], [12, lose], [3, other], [1, crash], [1, stop], [1, storm]
]

export function schedules (maxCommands: number, replayPath?: string): Arbitrary<Iterable<Step>> {
  const weighted = COMMANDS.map(([weight, arbitrary]) => ({ weight, arbitrary }))
  return fc.commands([fc.oneof(...weighted)], { maxCommands, size: 'max', ...(replayPath === undefined ? {} : { replayPath }) })
}

function chosen (from: readonly number[], mask: number): number[] {
  const some = from.filter(partition => (mask >> partition & 1) === 1)
  return some.length === 0 ? [...from] : some
}

function assignable ({ log, life, configuration }: Readonly<World>): number[] {
  if (!configuration.cooperative && life.promised.size > 0) return []
  return [...log.keys()].filter(partition => !life.promised.has(partition))
}

/** Without cooperation the whole assignment is given back. */
function takeBack ({ life, configuration }: World, mask: number): void {
  const all = [...life.promised]
  life.revoke(configuration.cooperative ? chosen(all, mask) : all, false)
}

/** Partitions that another member may own. */
function elsewhere ({ log, life, broker }: Readonly<World>): number[] {
  return [...log.keys()].filter(partition => broker.expelled || (!life.promised.has(partition) && !life.positions.has(partition)))
}
