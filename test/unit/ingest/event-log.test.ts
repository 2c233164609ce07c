import rdkafka from 'node-rdkafka'
import t from 'tap'
import { type DeliveryFailures, type Settled } from '../../../src/connectors/kafka/shipment.js'
import { type Appended, EventLog, type LogRecord } from '../../../src/ingest/event-log.js'
import { ManualClock, turn } from '../../helpers/manual-clock.js'

const TIMEOUT_MS = 1_000
const { ERR_MSG_SIZE_TOO_LARGE, ERR_TOPIC_AUTHORIZATION_FAILED } = rdkafka.CODES.ERRORS

t.test('Events are appended when all of them are acknowledged', async t => {
  const { log, answer } = create()
  const appending = append(log, records(2))
  t.strictSame(log.pending, { events: 2, bytes: 20 })
  answer(undefined)
  t.equal(await appending, 'appended')
  t.strictSame(log.pending, { events: 0, bytes: 0 })
})

t.test('Before it is opened nothing is taken', async t => {
  const producer = { send: () => { throw new Error('nothing is there to send to') } }
  const log = new EventLog({ producer, clock: new ManualClock(), timeoutMs: TIMEOUT_MS, maxPendingEvents: 1, maxPendingBytes: 1 })
  t.notOk(log.isAvailable)
  t.equal(await append(log, records(1)), 'unavailable')
  log.open()
  t.ok(log.isAvailable)
})

t.test('What the brokers refuse for its size is told from what may pass later', async t => {
  const { log, answer } = create()
  const tooLarge = append(log, records(2))
  answer([undefined, { code: ERR_MSG_SIZE_TOO_LARGE, message: '' }])
  t.equal(await tooLarge, 'too-large')
  const denied = append(log, records(2))
  answer([{ code: ERR_MSG_SIZE_TOO_LARGE, message: '' }, { code: ERR_TOPIC_AUTHORIZATION_FAILED, message: '' }])
  t.equal(await denied, 'unknown')
})

t.test('A caller waits so long, and what it left behind stays pending until it is reported', async t => {
  const { log, answer, clock } = create()
  const appending = append(log, records(1))
  clock.advance(TIMEOUT_MS)
  t.equal(await appending, 'unknown')
  t.equal(log.pending.events, 1)
  t.notOk(log.isAvailable, 'the oldest has waited for as long as a caller does')
  t.equal(await append(log, records(1)), 'unavailable')
  answer(undefined)
  await turn()
  t.ok(log.isAvailable)
  t.equal(log.pending.events, 0)
  t.equal(clock.pending, 0, 'no timer is left')
})

t.test('A caller is told once: a report that comes after it was given up tells it nothing', async t => {
  const { log, answer, clock } = create()
  const told: Appended[] = []
  log.append(records(1), result => { told.push(result) })
  clock.advance(TIMEOUT_MS)
  answer(undefined)
  t.strictSame(told, ['unknown'])
})

t.test('After a standstill of the process, what was reported meanwhile is heard before anybody is given up', async t => {
  const { log, answer, clock } = create()
  const reported = append(log, records(1))
  const silent = append(log, records(1))
  clock.standStill(10 * TIMEOUT_MS)
  clock.advance(0)
  t.ok(log.isAvailable)
  const later = append(log, records(1))
  answer(undefined)
  t.equal(await reported, 'appended')
  clock.advance(TIMEOUT_MS)
  t.equal(await silent, 'unknown', 'but nobody waits for ever')
  t.notOk(log.isAvailable)
  answer(undefined)
  answer(undefined)
  await turn()
  t.ok(log.isAvailable)
  t.equal(await later, 'unknown')
  t.equal(log.appended, 3)
  t.equal(clock.pending, 0, 'no timer is left')
})

t.test('Beyond what may be pending nothing is taken, but one call always is', async t => {
  const { log, answer } = create({ maxPendingEvents: 3, maxPendingBytes: 45 })
  const large = append(log, records(5))
  t.equal(await append(log, records(1)), 'full')
  answer(undefined)
  t.equal(await large, 'appended')
  const first = append(log, records(2))
  t.equal(await append(log, records(2)), 'full', 'too many')
  t.equal(await append(log, [{ ...record(), value: Buffer.alloc(26) }]), 'full', 'too large')
  const second = append(log, records(1))
  answer(undefined)
  answer(undefined)
  t.strictSame(await Promise.all([first, second]), ['appended', 'appended'])
})

/** A log over a producer that reports when the test says so, oldest first. */
function create (limits: Partial<{ maxPendingEvents: number, maxPendingBytes: number }> = {}) {
  const clock = new ManualClock()
  const waiting: Settled[] = []
  const producer = { send: (_messages: unknown, settled: Settled) => { waiting.push(settled) } }
  const log = new EventLog({ producer, clock, timeoutMs: TIMEOUT_MS, maxPendingEvents: 100, maxPendingBytes: 10_000, ...limits })
  log.open()
  return { log, clock, answer: (failures: DeliveryFailures | undefined) => { waiting.shift()?.(failures) } }
}

async function append (log: EventLog, appended: readonly LogRecord[]): Promise<Appended> {
  return await new Promise(resolve => { log.append(appended, resolve) })
}

function records (count: number) {
  return Array.from({ length: count }, record)
}

function record () {
  return { topic: 'event-log', key: null, value: Buffer.alloc(10), headers: [] }
}
