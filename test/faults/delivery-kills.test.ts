import t from 'tap'
import { DeliveryRoad } from '../helpers/delivery-road.js'
import { type TestService } from '../helpers/service.js'
import { startTestStack } from '../helpers/stack.js'
import { DeliveryRecorder } from './harness/delivery-recorder.js'
import { parameter } from './harness/parameters.js'

const KILLS = parameter('KILLS', 10)
const EVENTS = parameter('EVENTS', 50_000)
const RATE_PER_SECOND = parameter('RATE', 1_000)
const USERS = 500
const BATCH = 50
/** Of any kill: what was in flight, and what was settled since the last commit or above an event that waited. */
const MOST_REPEATS = 2_000

const { kafka } = await startTestStack(t, { servers: ['kafka'], ports: 'free' })

t.test(`P1: killed ${KILLS} times under ${RATE_PER_SECOND} events a second, it loses none, and keeps the order of every user`, async t => {
  const recorder = new DeliveryRecorder(EVENTS / USERS)
  const road = await DeliveryRoad.create(t, {
    name: 'delivery-kills',
    kafka: kafka.brokers,
    partitions: 6,
    destinations: {
      hooks: {
        concurrency: 32,
        behaviour: ({ headers, body }) => {
          // Bodies of so many requests would be kept for nothing.
          road.servers.hooks!.received.length = 0
          return recorder.receive(String(headers['webhook-id']), body)
        }
      }
    },
    knobs: { KAFKA_SESSION_TIMEOUT_MS: '3000', COMMIT_INTERVAL_MS: '100', MAX_IN_FLIGHT_RECORDS: '1000' }
  })
  const ingest = await road.startService({ DELIVERY_PARTS: 'ingest' })
  const start = async (): Promise<TestService> => await road.startService({ DELIVERY_PARTS: 'destinations', KAFKA_GROUP_INSTANCE_ID: 'one' })
  let service = await start()
  const loading = load(ingest)
  /** Repeats so far, at each kill. */
  const repeats: number[] = []
  for (let kill = 0; kill < KILLS; kill++) {
    const at = Math.round(EVENTS * (kill + Math.random()) / KILLS)
    await service.sees(`${at} events are delivered`, () => recorder.taken.ids.size >= at, 300_000)
    repeats.push(recorder.taken.repeats)
    await service.kill()
    service = await start()
  }
  await loading
  await road.isWorkedOff(service, 'hooks')
  const perKill = repeats.map((before, kill) => (repeats[kill + 1] ?? recorder.taken.repeats) - before)
  t.comment(`figures: sent again after each kill: ${perKill.join(' ')}; in all ${recorder.taken.repeats}, ${recorder.unheard} of them because no answer came`)

  t.equal(recorder.taken.ids.size, EVENTS, 'every event was delivered')
  t.strictSame(recorder.taken.overtaken, [], 'no event of a user was taken before an earlier one')
  t.strictSame(recorder.strangers, [], 'nothing was delivered that was not sent')
  t.strictSame(await road.deadLetters('hooks'), [])
  t.ok(recorder.taken.repeats - recorder.unheard <= KILLS * MOST_REPEATS, 'repeats are bounded')
  t.ok(recorder.unheard > 0 && recorder.failed > 0, 'sends failed on the way')
  t.equal(await service.stop(), 0)
})

/** Events in batches, one after the other; the user's number goes up with each round over the users. */
async function load (ingest: TestService): Promise<void> {
  const { url } = await ingest.logged('accepting events')
  const startedAt = performance.now()
  for (let sent = 0; sent < EVENTS; sent += BATCH) {
    const waitMs = startedAt + sent * 1000 / RATE_PER_SECOND - performance.now()
    if (waitMs > 0) await new Promise(resolve => setTimeout(resolve, waitMs))
    const batch = Array.from({ length: BATCH }, (_, index) => ({ user_id: `user_${(sent + index) % USERS}`, payload: String(Math.floor((sent + index) / USERS)) }))
    const response = await fetch(String(url), { method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify(batch) })
    if (response.status !== 202) throw new Error(`${response.status}: ${await response.text()}`)
    await response.arrayBuffer()
  }
}
