import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { createTestFolder, startTestStack } from '../helpers/stack.js'
import { Stopwatch } from '../helpers/stopwatch.js'
import { FaultRun } from './harness/fault-run.js'
import { hooks, reachedIn } from './harness/hooks/hooks.js'
import { type Reached } from './harness/hooks/orders.js'
import { markedRecords } from './harness/marked-records.js'
import { parameter } from './harness/parameters.js'

const HANGS = parameter('HANGS', 20)
const INNOCENTS_PER_HANG = 100
/** Shorter than the default, since each hang is waited out alone once more. */
const RETRY_TIMEOUT_MS = 1_000
/** Every uid of the generator passes by its first branch; this one makes the second try 2^40 ways. */
const CATASTROPHIC = '^(?:[0-9a-f-]+|(?:x+x+)+y)$'
const MARKER = 'x'.repeat(40)
const REPLACED_WITHIN_MS = 1_000

const { kafka } = await startTestStack(t, { servers: ['kafka'] })

t.test(`${HANGS} records that a pattern of the schema never ends with become dead letters, and no other record does`, async t => {
  const run = await FaultRun.create(t, {
    name: 'hangs',
    kafka: kafka.brokers,
    partitions: 2,
    knobs: { EVENTS_SCHEMA: catastrophicSchema(createTestFolder(t)), CHUNK_RECORDS: '100', VALIDATION_RETRY_TIMEOUT_MS: String(RETRY_TIMEOUT_MS) }
  })
  await run.road.send(markedRecords({ count: HANGS * INNOCENTS_PER_HANG, marked: HANGS, marker: MARKER, expected: 'VALIDATION_TIMEOUT' }), { key: 'none' })
  const watch = new Stopwatch()
  const service = await run.start({}, hooks({ atRecord: { marker: MARKER, deed: 'nothing' } }))
  await run.finish({ metricsTellAll: true })
  const excusedMs = watch.excusedMs / HANGS

  const replaced = replacementsMs(reachedIn(service.output)).sort((a, b) => a - b)
  t.equal(replaced.length, HANGS, 'each hung among its neighbours, and alone once more')
  const median = replaced[Math.floor(HANGS / 2)] ?? Infinity
  t.comment(`figures: ms from a hang to the record at work on a new thread: ${median} in the median, ${replaced.at(-1)} at most, of ${HANGS}`)
  t.ok(median - excusedMs <= REPLACED_WITHIN_MS, `a thread is replaced within ${REPLACED_WITHIN_MS} ms`)
  await service.becomesReady()
  t.equal(await service.stop(), 0, { log: service.tail })
})

function catastrophicSchema (folder: string): string {
  const schema = JSON.parse(readFileSync(new URL('../../../resource/schema.json', import.meta.url), 'utf8')) as { properties: { uid: object } }
  const path = join(folder, 'schema.json')
  writeFileSync(path, JSON.stringify({ ...schema, properties: { ...schema.properties, uid: { ...schema.properties.uid, pattern: CATASTROPHIC } } }))
  return path
}

/** From the time that a record was met in its chunk to the time that a new thread met it again. */
function replacementsMs (met: readonly Reached[]): number[] {
  return met.flatMap(({ reached, at }, index) => {
    const earlier = met.slice(0, index).find(other => other.reached === reached)
    return earlier === undefined ? [] : [at - earlier.at]
  })
}
