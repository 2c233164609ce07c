import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type TestService } from '../helpers/service.js'
import { createTestFolder, startTestStack } from '../helpers/stack.js'
import { FaultRun } from './harness/fault-run.js'
import { hooks, reachedIn } from './harness/hooks/hooks.js'
import { type Reached } from './harness/hooks/orders.js'
import { markedRecords } from './harness/marked-records.js'

const EVENTS = 500
const MARKER = 'guilty-'
const PROBES = 4
/** Pauses between probes begin with this, and double up to the longest. */
const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 5_000
/** Each probe starts the threads of a pool twice at most. */
const STARTS_PER_PROBE = 2

const { kafka } = await startTestStack(t, { servers: ['kafka'] })

t.test('threads that die as they start are started again with growing pauses; nothing is dead-lettered, and it heals by itself', async t => {
  const cause = join(createTestFolder(t), 'cause')
  writeFileSync(cause, '')
  const run = await FaultRun.create(t, { name: 'no-start', kafka: kafka.brokers })
  await run.produce({ count: EVENTS, invalidShare: 0.05 })
  const service = await run.start({}, hooks({ threadsDieWhile: cause }))
  await diesAgainAndAgain(t, service)
  await service.sees('chunks have waited in vain', async () => (await service.metrics()).sum('penstock_examiner_failures_total') > 0)
  t.equal((await service.metrics()).sum('penstock_dead_letters_total'), 0)
  t.ok(startsOf(service).length <= mostStarts(service), `threads started: ${startsOf(service).length}`)
  t.equal(run.accepted, 0)
  t.equal(await run.road.lag(), EVENTS, 'nothing is passed over')
  rmSync(cause)
  await service.becomesReady()
  await run.finish({ metricsTellAll: true })
  t.equal(await service.stop(), 0, { log: service.tail })
})

t.test('so are threads that can not be replaced in the middle of the work; no record is blamed for their deaths', async t => {
  const cause = join(createTestFolder(t), 'cause')
  const run = await FaultRun.create(t, { name: 'no-restart', kafka: kafka.brokers, knobs: { CHUNK_RECORDS: '50' } })
  const service = await run.start({}, hooks({ threadsDieWhile: cause, atRecord: { marker: MARKER, deed: 'exit' } }))
  await service.becomesReady()
  writeFileSync(cause, '')
  // Its death is counted against no record: in the end each guilty one has crashed alone, twice.
  await run.road.send(markedRecords({ count: EVENTS, marked: 2, marker: MARKER, expected: 'VALIDATION_CRASH' }), { key: 'none' })
  await diesAgainAndAgain(t, service)
  t.ok(existsSync(cause))
  rmSync(cause)
  await service.becomesReady()
  await run.finish({ metricsTellAll: true })
  t.equal(await service.stop(), 0, { log: service.tail })
})

/** Not ready and alive, over several probes. */
async function diesAgainAndAgain (t: Test, service: TestService): Promise<void> {
  await service.becomesUnready('validation')
  await service.sees('it has been tried several times', () => startsOf(service).length >= PROBES * STARTS_PER_PROBE)
  t.equal((await service.health('/live')).status, 200)
  t.equal((await service.metrics()).sum('penstock_dead_letters_total'), 0)
}

function startsOf (service: TestService): Reached[] {
  return reachedIn(service.output).filter(({ reached }) => reached === 'thread-start')
}

/** In the time from the first to the last. */
function mostStarts (service: TestService): number {
  const starts = startsOf(service)
  const forMs = (starts.at(-1)?.at ?? 0) - (starts[0]?.at ?? 0)
  return STARTS_PER_PROBE * (2 + Math.log2(1 + forMs / FIRST_PAUSE_MS) + forMs / LONGEST_PAUSE_MS)
}
