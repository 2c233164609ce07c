import t, { type Test } from 'tap'
import { type RecordingEndpoint, startRecordingEndpoint } from '../../bench/recording-endpoint/recording-endpoint.js'
import { DEAD_LETTER_HEADERS } from '../../src/connectors/kafka/dead-letter-stage.js'
import { clientQueueName } from '../../src/connectors/sqs/definition.js'
import { type LedgerEntry } from '../../src/generator/ledger.js'
import { EventsRoad, type RoadOptions } from '../helpers/events-road.js'
import { PATIENT } from '../helpers/patience.js'
import { recordingProblems, repeatsIn } from '../helpers/recorded.js'
import { type TestService } from '../helpers/service.js'
import { startTestStack, type TestScope } from '../helpers/stack.js'
import { Stopwatch } from '../helpers/stopwatch.js'

const COUNT = 4_000
const STOPS = 3
/** Of the hanging sink. */
const SICK = 'Client_A'
const GRACE_MS = 2_000
/** Beyond the grace: the watchdog's margin, and the time to end. */
const MARGIN_MS = 5_000

const { kafka } = await startTestStack(t, { servers: ['kafka'] })

t.test('stopped in mid-stream again and again, it loses nothing and repeats nothing', async t => {
  // A slow table and a low cap: what is in flight is drained in no time, and most of the topic is still to come.
  const { road, endpoint } = await createRoad(t, 'stopped', { MAX_IN_FLIGHT_RECORDS: '200', CHUNK_RECORDS: '100', ...PATIENT })
  endpoint.control({ faults: [{ operation: 'BatchWriteItem', delayMs: 50 }] })
  const { valid } = await road.produce({ count: COUNT, invalidShare: 0.05 })
  for (let stop = 1; stop <= STOPS; stop++) {
    const service = await road.startService()
    await service.sees('some hundred records are stored', () => endpoint.recorder.rows.size >= stop * COUNT / (STOPS + 2))
    t.equal(await service.stop(), 0, 'exit code', { log: service.tail })
    t.ok(await road.lag() > 0, 'it was in mid-stream')
  }
  endpoint.control({ faults: [] })
  const last = await road.startService()
  await road.isWorkedOff([last])
  t.equal(await last.stop(), 0, 'exit code', { log: last.tail })

  const report = endpoint.recorder.report(true)
  t.equal(recordingProblems(report, await road.entries(), client => queueOf(road, client)), '')
  t.same(repeatsIn(report), { messages: 0, rows: 0 })
  t.equal(report.inversions, 0, 'order held over every stop')
  const origins = await originsOfDeadLetters(road)
  t.equal(origins.length, COUNT - valid)
  t.equal(new Set(origins).size, COUNT - valid, 'no dead letter twice')
})

t.test('with a sink that hangs, the deadline ends it with 3, and nothing unacknowledged is committed', async t => {
  const { road, endpoint } = await createRoad(t, 'hanging', { SHUTDOWN_GRACE_MS: String(GRACE_MS), REVOKE_DRAIN_MS: '1000', AWS_REQUEST_TIMEOUT_MS: '30000' })
  const service = await hang(road, endpoint)
  const watch = new Stopwatch()
  t.equal(await service.stop(), 3, 'exit code', { log: service.tail })
  t.ok(watch.ownMs < GRACE_MS + MARGIN_MS, `it ended ${watch.ownMs} ms after the signal`)
  await expectSafeCommits(t, road, endpoint)
  await expectNothingLost(t, road, endpoint)
})

t.test('a second signal ends it at once with 3, and nothing unacknowledged is committed', async t => {
  const { road, endpoint } = await createRoad(t, 'twice', { SHUTDOWN_GRACE_MS: '60000', AWS_REQUEST_TIMEOUT_MS: '30000' })
  const service = await hang(road, endpoint)
  service.signal('SIGTERM')
  await service.logged('draining')
  const watch = new Stopwatch()
  t.equal(await service.stop(), 3, 'exit code', { log: service.tail })
  t.ok(watch.ownMs < MARGIN_MS, `it ended ${watch.ownMs} ms after the second signal`)
  await expectSafeCommits(t, road, endpoint)
  await expectNothingLost(t, road, endpoint)
})

async function createRoad (t: TestScope, name: string, knobs: NonNullable<RoadOptions['knobs']>): Promise<{ road: EventsRoad, endpoint: RecordingEndpoint }> {
  const endpoint = await startRecordingEndpoint()
  t.teardown(() => endpoint.close())
  // A stop leaves the group at once, but a process that is cut off does not: its session has to time out first.
  const road = await EventsRoad.create(t, { name, servers: { kafka: kafka.brokers, aws: endpoint.url }, knobs: { KAFKA_SESSION_TIMEOUT_MS: '6000', ...knobs } })
  return { road, endpoint }
}

/** Starts a service, lets it work, and then has one client's queue never answer again while records wait for it. */
async function hang (road: EventsRoad, endpoint: RecordingEndpoint): Promise<TestService> {
  const service = await road.startService()
  await road.produce({ count: 300 })
  await road.isWorkedOff([service])
  endpoint.control({ faults: [{ operation: 'SendMessageBatch', queue: queueOf(road, SICK), hang: true }] })
  await road.produce({ count: 600, resume: true })
  const entries = await road.entries()
  const others = entries.filter(entry => entry.client !== SICK).length
  await service.sees('everything is stored, and sent to the other queues', () => {
    const { rows, messagesAccepted } = endpoint.recorder.report(true)
    return Object.keys(rows ?? {}).length === entries.length && messagesAccepted >= others
  })
  return service
}

async function expectSafeCommits (t: Test, road: EventsRoad, endpoint: RecordingEndpoint): Promise<void> {
  const lowest = lowestUnacknowledged(await road.entries(), endpoint)
  t.ok(lowest.size > 0, 'something was not acknowledged')
  const committed = await road.committed()
  for (const [partition, offset] of lowest) {
    t.ok((committed.get(partition) ?? 0) <= offset, `partition ${partition}: committed ${committed.get(partition)}, unacknowledged ${offset}`)
  }
}

async function expectNothingLost (t: Test, road: EventsRoad, endpoint: RecordingEndpoint): Promise<void> {
  endpoint.control({ faults: [] })
  const service = await road.startService()
  await road.isWorkedOff([service])
  t.equal(recordingProblems(endpoint.recorder.report(true), await road.entries(), client => queueOf(road, client)), '')
}

/** By partition, of those that have any. */
function lowestUnacknowledged (entries: readonly LedgerEntry[], endpoint: RecordingEndpoint): Map<number, number> {
  const accepted = new Set(Object.values(endpoint.recorder.report(true).bodies ?? {}).flatMap(byUid => Object.keys(byUid)))
  const lowest = new Map<number, number>()
  for (const { uid = '', place } of entries) {
    if (accepted.has(uid) || !('offset' in place)) continue
    lowest.set(place.partition, Math.min(place.offset, lowest.get(place.partition) ?? Infinity))
  }
  return lowest
}

function queueOf (road: EventsRoad, client: string): string {
  return `${road.config.events.topic}-${clientQueueName(client)}`
}

async function originsOfDeadLetters (road: EventsRoad): Promise<string[]> {
  const { partition, offset } = DEAD_LETTER_HEADERS
  return (await road.readDeadLetters()).map(({ headers }) => {
    const own = new Map(headers)
    return `${String(own.get(partition))}:${String(own.get(offset))}`
  })
}
