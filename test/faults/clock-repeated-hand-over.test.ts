import t from 'tap'
import { type GeneratedEvent } from '../../src/generator/valid-event.js'
import { EVENT } from '../fixtures/event.js'
import { EventsOnAClock } from './harness/events-on-a-clock.js'

const MINUTE = 60_000
const QUEUES = { sick: 'Client_A.fifo', well: `${EVENT.client}.fifo` }

const sick: GeneratedEvent = { ...EVENT, uid: 'waits', client: 'Client_A' }
const older: GeneratedEvent = { ...EVENT, uid: 'same', event_type: 'INSERT' }
const newer: GeneratedEvent = { ...EVENT, uid: 'same', event_type: 'UPDATE' }
const NEWER_OFFSET = 2

t.test('a record is handed over, taken up, read again and handed over again: its row is the last', async t => {
  const events = await EventsOnAClock.create(t, { RETRY_IN_PLACE_MS: '0', RETRY_REST_MS: '1000' })
  const report = () => events.endpoint.recorder.report(true)
  const rowOffset = () => report().rows?.['same']?.offset
  const handOvers = () => report().handedOver?.filter(({ offset }) => offset === NEWER_OFFSET) ?? []
  const sickQueue = { name: 'sick queue', operation: 'SendMessageBatch', queue: QUEUES.sick, status: 403, error: 'AccessDenied' } as const
  // The newer event stands for the older one in that call; each then goes on alone.
  const failedWrite = { name: 'failed write', operation: 'BatchWriteItem', calls: 1, status: 500, error: 'InternalServerError' } as const

  events.endpoint.control({ faults: [sickQueue] })
  events.produce(JSON.stringify(sick))
  t.ok(await events.passUntil(() => events.engine.holds().length > 0, MINUTE), 'a sick queue holds the offset back')
  events.endpoint.control({ faults: [sickQueue, failedWrite] })
  events.produce(JSON.stringify(older), JSON.stringify(newer))
  t.ok(await events.passUntil(() => report().queues[QUEUES.well]?.accepted === 2, MINUTE), 'both are delivered')
  await events.pass(MINUTE / 2)
  t.equal(handOvers().length, 1, 'the newer one by the retry queue')
  t.equal(rowOffset(), NEWER_OFFSET, 'whose row is the last')
  t.equal(events.committed, 0, 'no offset is committed')

  events.kill()
  events.endpoint.control({ faults: [failedWrite] })
  events.restart()
  t.ok(await events.passUntil(() => events.committed === 3, MINUTE), 'the next process reads them again')
  await events.pass(MINUTE)
  t.same(handOvers().map(({ retryCount }) => retryCount), [1, 1], 'and hands the newer one over again')
  t.equal(rowOffset(), NEWER_OFFSET, 'its row is the last')
  const { kept, queues } = report()
  t.match(kept['retry.fifo'], { visible: 0, hidden: 0 })
  t.match(queues, { [QUEUES.sick]: { accepted: 1 }, [QUEUES.well]: { accepted: 2 } }, 'no client sees anything twice')
  t.strictSame(events.deadLetters, [])
  for (const { name, hits } of events.endpoint.hits()) t.ok(hits > 0, `the fault "${name}" was met`)
})
