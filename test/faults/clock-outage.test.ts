import t from 'tap'
import { Random } from '../../src/generator/random.js'
import { makeEvent } from '../../src/generator/valid-event.js'
import { EventsOnAClock } from './harness/events-on-a-clock.js'

const MINUTE = 60_000
const EVENTS = 1_600
const NOT_JSON_EVERY = 50

t.test('everything is down for ten minutes, then the backlog drains at once, without a storm of retries', async t => {
  const events = await EventsOnAClock.create(t, { MAX_IN_FLIGHT_RECORDS: '1000', CHUNK_RECORDS: '200' })
  const random = new Random(1, 0)
  const values = Array.from({ length: EVENTS }, (_, index) => index % NOT_JSON_EVERY === 0 ? 'not JSON' : JSON.stringify(makeEvent(random, index)))
  const invalid = values.filter(value => value === 'not JSON').length
  const valid = EVENTS - invalid
  events.produce(...values.slice(0, 400))
  t.ok(await events.passUntil(() => events.committed === 400, MINUTE), 'it was at work before')
  events.takeQueuesDown()
  events.produce(...values.slice(400, 800))
  await events.pass(5_000)

  events.takeDown()
  const before = reportOf(events)
  await events.pass(5 * MINUTE)
  events.produce(...values.slice(800))
  await events.pass(5 * MINUTE)
  const during = reportOf(events)
  const outage = { table: during.table - before.table, queues: during.queues - before.queues, receives: during.receives - before.receives }
  t.comment(`figures: calls in ten minutes of outage: table ${outage.table}, queues ${outage.queues}, receptions ${outage.receives}`)
  const channels = { table: 1, queues: events.config.events.clients.length + 1 }
  // Five failed calls open a breaker, beside what was in flight; then one probe every 2.5 to 5 s.
  t.ok(outage.table <= 260, 'the table is only probed')
  t.ok(outage.queues <= 260 * channels.queues, 'so are the queues')
  t.ok(outage.receives <= 60, 'and the retry queue is left alone')
  t.ok(events.engine.holds().length > 0)
  t.strictSame([during.stored, during.accepted], [before.stored, before.accepted])

  events.heal()
  events.mostCalls = 0
  const healedAt = events.clock.now()
  const isDone = () => reportOf(events).accepted === valid && events.deadLetters.length === invalid && events.committed === EVENTS
  t.ok(await events.passUntil(isDone, 2 * MINUTE), 'all of it found its end')
  const after = reportOf(events)
  const attempted = { rows: after.rows - during.rows, messages: after.messages - during.messages }
  // What was handed to the retry queue takes the whole road again.
  const needed = { rows: valid - before.stored + (events.counts.sums['handedOver'] ?? 0), messages: valid - before.accepted }
  t.comment(`figures: drained ${EVENTS - 400} records in ${events.clock.now() - healedAt} ms, at most ${events.mostCalls} calls in flight, ` +
    `rows sent ${attempted.rows} for ${needed.rows}, messages ${attempted.messages} for ${needed.messages}`)
  t.ok(attempted.rows <= needed.rows * 1.1, 'hardly a row is sent twice')
  t.ok(attempted.messages <= needed.messages * 1.1, 'nor a message')
  t.ok(events.mostCalls <= events.config.dynamodb.concurrency + (channels.queues + 1) * events.config.sqs.concurrency)

  t.equal(events.counts.told['attemptsExhausted'], undefined, 'no attempt was burnt to its end')
  t.ok(events.deadLetters.every(letter => letter.value?.toString() === 'not JSON'), 'nothing good was dead-lettered')
  const { rows = {} } = events.endpoint.recorder.report(true)
  t.equal(Object.keys(rows).length, valid)
  for (const { name, hits } of events.endpoint.hits().filter(({ operation }) => ['BatchWriteItem', 'SendMessageBatch'].includes(operation))) t.ok(hits > 0, `${name} was met`)
})

function reportOf ({ endpoint }: EventsOnAClock) {
  const { calls, attempted, messagesAccepted, rowsWritten } = endpoint.recorder.report(false)
  return {
    table: calls['BatchWriteItem'] ?? 0,
    queues: calls['SendMessageBatch'] ?? 0,
    receives: calls['ReceiveMessage'] ?? 0,
    rows: attempted.rows,
    messages: attempted.messages,
    stored: rowsWritten,
    accepted: messagesAccepted
  }
}
