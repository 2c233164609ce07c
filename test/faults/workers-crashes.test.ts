import t from 'tap'
import { type FailureCode } from '../../src/errors.js'
import { startTestStack } from '../helpers/stack.js'
import { FaultRun } from './harness/fault-run.js'
import { hooks, reachedIn } from './harness/hooks/hooks.js'
import { type ThreadDeed } from './harness/hooks/orders.js'
import { markedRecords } from './harness/marked-records.js'
import { parameter } from './harness/parameters.js'

const EVENTS = parameter('EVENTS', 1_000)
/** Of them. */
const GUILTY = parameter('CRASHES', 5)
const MARKER = 'guilty-'

const { kafka } = await startTestStack(t, { servers: ['kafka'] })

const deeds: ReadonlyArray<readonly [deed: ThreadDeed, expected: 'valid' | FailureCode, becomes: string]> = [
  ['exit', 'VALIDATION_CRASH', 'becomes a dead letter'],
  ['hoard', 'VALIDATION_CRASH', 'becomes a dead letter'],
  ['throw late', 'valid', 'has long been found valid']
]

for (const [deed, expected, becomes] of deeds) {
  t.test(`a record whose thread is struck (${deed}) ${becomes}; its neighbours run again, and none is blamed`, async t => {
    const run = await FaultRun.create(t, { name: `worker-${deed.replace(' ', '-')}`, kafka: kafka.brokers, partitions: 2, knobs: { CHUNK_RECORDS: '100' } })
    // There before the service starts, so that its chunks are full.
    await run.road.send(markedRecords({ count: EVENTS, marked: GUILTY, marker: MARKER, expected }), { key: 'none' })
    const service = await run.start({}, hooks({ atRecord: { marker: MARKER, deed } }))
    await run.finish({ metricsTellAll: true })
    const struck = reachedIn(service.output)
    t.equal(new Set(struck.map(({ reached }) => reached)).size, GUILTY, 'each of them struck')
    if (expected !== 'valid') t.equal(struck.length, 3 * GUILTY, 'once among its neighbours, and twice alone')
    t.equal(new Set(struck.map(({ pid }) => pid)).size, 1, 'the process has lived on')
    await service.becomesReady()
    t.equal(await service.stop(), 0, { log: service.tail })
  })
}
