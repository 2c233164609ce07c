import t from 'tap'
import { type FailureCode } from '../../src/errors.js'
import { startTestStack } from '../helpers/stack.js'
import { FaultRun } from './harness/fault-run.js'
import { hooks, reachedIn } from './harness/hooks/hooks.js'
import { type ThreadDeed } from './harness/hooks/orders.js'
import { markedRecords } from './harness/marked-records.js'
import { parameter } from './harness/parameters.js'

const EVENTS = parameter('EVENTS', 1_000)
/** Of them; a death of memory takes seconds, and each guilty record brings about three. */
const GUILTY = parameter('CRASHES', 5)
const HOARDERS = parameter('HOARDERS', 1)
const MARKER = 'guilty-'
/** On a busy machine a thread takes long to die of memory: that is no hang. */
const knobs = { CHUNK_RECORDS: '100', VALIDATION_TIMEOUT_MS: '60000', VALIDATION_RETRY_TIMEOUT_MS: '60000' }

const { kafka } = await startTestStack(t, { servers: ['kafka'] })

const deeds: ReadonlyArray<readonly [deed: ThreadDeed, guilty: number, expected: 'valid' | FailureCode, becomes: string]> = [
  ['exit', GUILTY, 'VALIDATION_CRASH', 'becomes a dead letter'],
  ['hoard', HOARDERS, 'VALIDATION_CRASH', 'becomes a dead letter'],
  ['throw late', GUILTY, 'valid', 'has long been found valid']
]

for (const [deed, guilty, expected, becomes] of deeds) {
  t.test(`a record whose thread is struck (${deed}) ${becomes}; its neighbours run again, and none is blamed`, async t => {
    const run = await FaultRun.create(t, { name: `worker-${deed.replace(' ', '-')}`, kafka: kafka.brokers, partitions: 2, knobs })
    // There before the service starts, so that its chunks are full.
    await run.road.send(markedRecords({ count: EVENTS, marked: guilty, marker: MARKER, expected }), { key: 'none' })
    const service = await run.start({}, hooks({ atRecord: { marker: MARKER, deed } }))
    await run.finish({ metricsTellAll: true })
    const struck = reachedIn(service.output)
    t.equal(new Set(struck.map(({ reached }) => reached)).size, guilty, 'each of them struck')
    if (expected !== 'valid') t.equal(struck.length, 3 * guilty, 'once among its neighbours, and twice alone')
    t.equal(new Set(struck.map(({ pid }) => pid)).size, 1, 'the process has lived on')
    await service.becomesReady()
    t.equal(await service.stop(), 0, { log: service.tail })
  })
}
