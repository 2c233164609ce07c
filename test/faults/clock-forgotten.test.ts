import t from 'tap'
import { type GeneratedEvent } from '../../src/generator/valid-event.js'
import { EVENT } from '../fixtures/event.js'
import { EventsOnAClock } from './harness/events-on-a-clock.js'

const MINUTE = 60_000
const QUEUE = `${EVENT.client}.fifo`
/** The queue drops repetitions of a message for so long. */
const REMEMBERED_MS = 5 * MINUTE

const uidOf = (index: number): string => `uid-${index}`
const eventOf = (index: number): string => JSON.stringify({ ...EVENT, uid: uidOf(index) } satisfies GeneratedEvent)

for (const { what, answerLost, duplicates } of [
  { what: 'was never taken', answerLost: false, duplicates: 0 },
  { what: 'was taken by a call whose answer was lost', answerLost: true, duplicates: 1 }
]) {
  t.test(`a record that fails for more than five minutes and ${what}, then a kill: it had moved to the retry queue, and ${duplicates === 0 ? 'is there once' : 'what may be there twice is counted'}`, async t => {
    const events = await EventsOnAClock.create(t, { RETRY_REST_MS: '60000' })
    const messageOf = (index: number) => events.endpoint.recorder.report(true).messages?.[QUEUE]?.[uidOf(index)]
    const failing = { name: 'fails', operation: 'SendMessageBatch', queue: QUEUE, fail: { uids: [uidOf(0)] } } as const
    if (answerLost) {
      events.endpoint.control({ faults: [{ name: 'answer lost', operation: 'SendMessageBatch', queue: QUEUE, calls: 1, reset: 'after' }] })
      events.produce(eventOf(0))
      // Before it is sent again.
      for (let ms = 0; ms < 1_000 && events.endpoint.hits()[0]?.hits === 0; ms++) await events.pass(1)
    }
    events.endpoint.control({ faults: [failing] })
    events.produce(...Array.from({ length: 20 }, (_, index) => eventOf(index)).slice(events.produced))
    const failedSince = events.clock.now()

    t.ok(await events.passUntil(() => events.committed === 20, REMEMBERED_MS - MINUTE), 'it has left the partition long before the queue forgets')
    t.comment(`figures: moved to the retry queue after ${events.clock.now() - failedSince} ms`)
    await events.pass(REMEMBERED_MS + MINUTE - (events.clock.now() - failedSince))
    t.ok((events.counts.sums['handedOver'] ?? 0) > 1, 'it has failed in several passes')
    const rowsBefore = events.endpoint.recorder.report(false).rowsWritten
    events.kill()
    events.endpoint.control({ faults: [] })
    events.restart()
    const isDelivered = (): boolean => {
      const { visible, hidden } = events.endpoint.recorder.report(false).kept['retry.fifo'] ?? {}
      return visible === 0 && hidden === 0
    }
    t.ok(await events.passUntil(isDelivered, 20 * MINUTE), 'the next process takes it up')

    t.ok(messageOf(0), 'it was delivered')
    t.equal(events.counts.sums['possibleDuplicates'] ?? 0, duplicates)
    const { rows = {}, queues, rowsWritten } = events.endpoint.recorder.report(true)
    t.equal(queues[QUEUE]?.accepted, 20 + duplicates, 'as many times as was counted')
    t.equal(Object.keys(rows).length, 20)
    t.ok(rowsWritten - rowsBefore <= 1, 'the kill repeated nothing else')
    t.strictSame(events.deadLetters, [])
    for (const { name, hits } of events.endpoint.hits()) t.ok(hits > 0, `the fault "${name}" was met`)
  })
}
