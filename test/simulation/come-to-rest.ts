import { endCall, WELL } from './ways-to-end.js'
import { nameOf, partsOf } from './log.js'
import { type World } from './world.js'

const LONGEST_REST_MS = 900_000
const MOST_ROUNDS = 3_000
const LONGEST_STEP_MS = 500
/** Reasons for a dead letter that a valid record may have. */
const REFUSALS = new Set(['REFUSED', 'ATTEMPTS_EXHAUSTED'])

/** Everything heals: from now on whatever is left must find its end unaided. Then every store is looked at. */
export async function comeToRest (world: World): Promise<void> {
  world.examinationFails = false
  const deadline = world.now + LONGEST_REST_MS
  for (let rounds = 0; !isAtRest(world); rounds++) {
    if (world.now > deadline || rounds > MOST_ROUNDS) {
      world.findings.violate(`no rest: ${describe(world)}`)
      break
    }
    await goOn(world)
  }
  checkEnds(world)
  world.sinks.checkRows()
  world.findings.check()
}

async function goOn (world: World): Promise<void> {
  const { life, broker, scheduler } = world
  life.deletionsFail = false
  if (life.state === 'running') rejoin(world)
  life.poll(12, 0)
  while (scheduler.count() > 0) await scheduler.waitNext(1)
  for (const call of [...world.calls]) endCall(world, call, WELL)
  for (let request = broker.pending.shift(); request !== undefined; request = broker.pending.shift()) {
    if (world.applyCommit(request)) {
      life.committer.answered(null, request.offsets)
    } else {
      world.commitFailed()
      life.committer.answered(new Error('planned'), [])
    }
  }
  life.takeReplays(10)
  await world.step()
  await pass(world)
}

/** The member gets every partition: what it lacks, or without cooperation all of them anew. */
function rejoin ({ life, broker, log, configuration }: World): void {
  const missing = [...log.keys()].filter(partition => !life.promised.has(partition))
  if (broker.expelled) {
    if (life.promised.size > 0) life.revoke([...life.promised], true)
  } else if (missing.length > 0) {
    if (configuration.cooperative || life.promised.size === 0) life.assign(missing)
    else life.revoke([...life.promised], false)
  }
}

/** To the next moment at which something is due. */
async function pass (world: World): Promise<void> {
  const { clock } = world.life
  const visibleIn = world.retryQueue.nextVisibleAt - world.now
  const due = Math.min(clock.nextAt - clock.now(), visibleIn > 0 ? visibleIn : Infinity)
  await clock.pass(Math.max(1, Math.min(LONGEST_STEP_MS, due)))
}

function isAtRest ({ life, log, broker, retryQueue }: World): boolean {
  return life.state === 'running' && retryQueue.messages.length === 0 && log.every(({ end }, partition) => broker.committed[partition] === end) &&
    life.engine.inFlight.records === 0 && life.engine.inFlight.replays === 0
}

function checkEnds ({ log, findings }: World): void {
  for (const record of log.flatMap(({ records }) => records.flatMap(partsOf))) {
    const { kind, sent, stored, dead } = record
    if (kind === 'malformed' || kind === 'oversized') {
      if (dead.length === 0) findings.violate(`${nameOf(record)} can never pass, and has no dead letter`)
      if (sent > 0 || stored) findings.violate(`${nameOf(record)} can never pass, and was stored or sent`)
    } else if (sent === 0) {
      if (!dead.some(code => REFUSALS.has(code))) findings.violate(`${nameOf(record)} is lost`)
      findings.reach('valid record in the dead letters')
    }
  }
}

function describe ({ life, log, broker, retryQueue, calls }: World): string {
  const { engine, state, promised } = life
  return JSON.stringify({ state, promised: [...promised], inFlight: engine.inFlight, committed: broker.committed, ends: log.map(({ end }) => end), expelled: broker.expelled, retryQueue: retryQueue.messages.length, calls: calls.length, holds: engine.holds(), partitions: engine.partitions() })
}
