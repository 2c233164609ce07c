import t, { type Test } from 'tap'
import { type RoutingEntry } from '../../src/generator/ledger.js'
import { type TestService } from '../helpers/service.js'
import { startTestStack } from '../helpers/stack.js'
import { Stopwatch } from '../helpers/stopwatch.js'
import { deleteTopic } from './harness/delete-topic.js'
import { expectWaiting } from './harness/expect-waiting.js'
import { APPEND_TIMES, RoutingRun } from './harness/routing-run.js'

const BACKLOG = 40_000
const RECORDS = 1_000
const GRACE_MS = 3_000
/** What the service adds for a pipeline that does not keep its own deadline, and time for a busy machine. */
const GRACE_MARGIN_MS = 8_000
/** Its topic is the one that is missing. */
const SICK = 'marketing'
/** A record's messages, at most one for each destination. */
const MESSAGES = 3

const { kafka, registry } = await startTestStack(t, { servers: ['kafka', 'registry'], kafka: { properties: APPEND_TIMES } })
const servers = { kafka: kafka.brokers, registry: registry.url }

t.test('P4: SIGTERM at full rate: it ends drained, with code 0, and nothing is lost or repeated', async t => {
  const run = await RoutingRun.create(t, { name: 'routing-sigterm', servers })
  await run.produce({ count: BACKLOG, origins: 41, fanOutShare: 0.3, invalidShare: 0.02 })
  const service = await run.start()
  await service.sees('it is at full rate', () => run.delivered > BACKLOG / 10)
  t.equal(await service.stop(), 0, { log: service.tail })
  t.ok(run.delivered < BACKLOG, 'in the middle of its work', { delivered: run.delivered })
  await run.start()
  await run.finish()
})

t.test('T10: a destination whose topic does not exist is held, the others go on; when the topic appears it goes on too, and nothing is repeated', async t => {
  const { run, service } = await withoutTopic(t, 'routing-no-topic')
  t.equal((await service.metrics()).sum('penstock_held', { stage: 'topics', key: run.road.outputTopic(SICK) }), 1)
  const hold = await service.logged('a topic is held')
  t.match(hold, { stage: 'topics', key: run.road.outputTopic(SICK), code: 'NOT_FOUND' })
  await expectWaiting(t, run, service, isSick)
  t.equal((await service.metrics()).sum('penstock_dead_letters_total'), (await run.road.entries()).filter(({ expected }) => expected !== 'valid').length, 'no good record is condemned')
  await run.road.provision()
  await run.finish({ metricsTellAll: true })
  t.equal((await service.metrics()).sum('penstock_held'), 0)
  t.equal(await service.stop(), 0, { log: service.tail })
})

for (const times of ['once', 'twice'] as const) {
  t.test(`P4: SIGTERM ${times} while a destination's topic does not exist: it ends ${times === 'once' ? 'by the deadline' : 'at once'}, with code 3, and commits nothing that is not acknowledged`, async t => {
    const { run, service } = await withoutTopic(t, `routing-sigterm-${times}`)
    await expectWaiting(t, run, service, isSick)
    const committed = await run.road.committed()
    const watch = new Stopwatch()
    service.signal('SIGTERM')
    if (times === 'twice') {
      await service.logged('draining')
      service.signal('SIGTERM')
    }
    t.equal(await service.ends(), 3, { log: service.tail })
    t.ok(watch.ownMs < (times === 'once' ? GRACE_MS + GRACE_MARGIN_MS : GRACE_MARGIN_MS), `it took ${watch.ownMs} ms`)
    if (times === 'once') t.ok(watch.elapsedMs > GRACE_MS * 0.7, 'it did not give up before')
    t.same(await run.road.committed(), committed)
    await run.road.provision()
    await run.start()
    await run.finish({ repeats: { messages: RECORDS * MESSAGES, letters: RECORDS } })
  })
}

/** A service of which one destination's topic is missing, with records for all of them. */
async function withoutTopic (t: Test, name: string): Promise<{ readonly run: RoutingRun, readonly service: TestService }> {
  const run = await RoutingRun.create(t, {
    name,
    servers,
    knobs: {
      COMMIT_INTERVAL_MS: '100',
      SHUTDOWN_GRACE_MS: String(GRACE_MS),
      REVOKE_DRAIN_MS: String(GRACE_MS / 2),
      // How soon the client believes that a topic is missing, and sees that it is there again: 30 s and 5 minutes by default.
      KAFKA_PROPERTY_TOPIC_METADATA_PROPAGATION_MAX_MS: '1000',
      KAFKA_PROPERTY_TOPIC_METADATA_REFRESH_INTERVAL_MS: '1000'
    }
  })
  await deleteTopic(run.road.config.kafka, run.road.outputTopic(SICK))
  const service = await run.start()
  await run.produce({ count: RECORDS, origins: 41, fanOutShare: 0.2, invalidShare: 0.02 })
  await service.sees('it is held', async () => (await service.metrics()).sum('penstock_held', { stage: 'topics' }) === 1)
  return { run, service }
}

function isSick ({ destinations }: RoutingEntry): boolean {
  return destinations.includes(SICK)
}
