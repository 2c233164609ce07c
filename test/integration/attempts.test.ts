import t from 'tap'
import { DEAD_LETTER_HEADERS } from '../../src/connectors/kafka/dead-letter-stage.js'
import { type SourceRecord } from '../../src/engine/record.js'
import { EventsRoad } from '../helpers/events-road.js'
import { SqsProxy } from '../helpers/sqs-proxy.js'
import { startTestStack } from '../helpers/stack.js'

const COUNT = 200
/** Records that fail: few, for a queue of which too much fails counts as sick, and is held. */
const SICK = 4
const MAX_ATTEMPTS = 5
/** Short passes and rests, so that five of them take seconds. */
const KNOBS = { MAX_ATTEMPTS: String(MAX_ATTEMPTS), RETRY_IN_PLACE_MS: '50', RETRY_REST_MS: '100', RETRY_BACKOFF_MAX_MS: '100' }

const { kafka, dynamodb, elasticmq } = await startTestStack(t, { servers: ['kafka', 'dynamodb', 'elasticmq'] })
const proxy = await SqsProxy.start(t, elasticmq.endpoint)
const servers = { kafka: kafka.brokers, dynamodb: dynamodb.endpoint, sqs: proxy.url }

t.test('a record that fails for ever is a dead letter after its last attempt, and only then', async t => {
  const road = await EventsRoad.create(t, { name: 'exhausted', servers, knobs: KNOBS })
  await road.produce({ count: COUNT })
  const sick = await chooseSick(road)
  proxy.fails = uid => sick.has(uid)
  proxy.failures.clear()
  const service = await road.startService()
  await service.sees('every sick record has its dead letter', async () => (await service.metrics()).sum('penstock_dead_letters_total') === SICK, 60_000)
  await road.isWorkedOff([service])
  const metrics = await service.metrics()
  t.equal(metrics.sum('penstock_attempts_exhausted_total'), SICK)
  t.equal(metrics.sum('penstock_handed_over_records_total', { cause: 'attempt' }), SICK * (MAX_ATTEMPTS - 1), 'each went through the retry queue between its attempts')
  t.same([...proxy.failures.keys()].toSorted(), [...sick].toSorted())
  for (const [uid, failures] of proxy.failures) t.ok(failures >= MAX_ATTEMPTS, `${uid} was sent at least once in each attempt`)

  for (const letter of await road.readDeadLetters()) {
    const own = headersOf(letter)
    t.match(own, { [DEAD_LETTER_HEADERS.reason]: 'ATTEMPTS_EXHAUSTED', [DEAD_LETTER_HEADERS.attempts]: String(MAX_ATTEMPTS), [DEAD_LETTER_HEADERS.stage]: 'queues' })
    t.match(own[DEAD_LETTER_HEADERS.error], /^ENTRY_FAILED: InternalError/)
    t.ok(sick.has((JSON.parse(String(letter.value)) as { uid: string }).uid), 'its bytes are those of a sick record')
  }
  const { proof, problems } = await road.prove({ inversions: true })
  // The ledger calls them valid: they have their rows, no messages, and dead letters. All others are as they should be.
  t.same(proof.differences.map(({ kind, count }) => `${kind} ${count}`).toSorted(), [`letter-phantom ${SICK}`, `message-missing ${SICK}`], { problems })
  t.equal(await service.stop(), 0, { log: service.tail })
})

t.test('a record that fails for some attempts arrives in the end, once, and is no dead letter', async t => {
  const road = await EventsRoad.create(t, { name: 'healed', servers, knobs: KNOBS })
  await road.produce({ count: COUNT })
  const sick = await chooseSick(road)
  proxy.fails = uid => sick.has(uid)
  const service = await road.startService()
  await service.sees('the sick records were taken up from the retry queue', async () => (await service.metrics()).sum('penstock_replayed_records_total') >= SICK, 60_000)
  proxy.fails = () => false
  await road.isWorkedOff([service])
  t.equal((await service.metrics()).sum('penstock_dead_letters_total'), 0)
  const { problems } = await road.prove({ inversions: true })
  t.equal(problems, '')
  t.equal(await service.stop(), 0, { log: service.tail })
})

/** Uids of a few records; their queues and groups have others, which pass. */
async function chooseSick (road: EventsRoad): Promise<Set<string>> {
  const uids = (await road.entries()).map(({ uid = '' }) => uid)
  return new Set(Array.from({ length: SICK }, (_, index) => uids[Math.floor(index * COUNT / SICK)] ?? ''))
}

function headersOf ({ headers }: SourceRecord): Record<string, string> {
  return Object.fromEntries(headers.map(([name, value]) => [name, String(value)]))
}
