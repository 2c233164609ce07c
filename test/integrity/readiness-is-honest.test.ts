import t, { type Test } from 'tap'
import { DeliveryProducer } from '../../src/connectors/kafka/delivery-producer.js'
import { type KafkaLog } from '../../src/connectors/kafka/kafka-log.js'
import { DONE, environment } from '../../src/engine/outcome.js'
import { tendHealth } from '../../src/pipelines/common/tend-health.js'
import { createEventsExaminer } from '../../src/pipelines/events/examiner.js'
import { Health } from '../../src/service/health.js'
import { createLogger } from '../../src/service/logger.js'
import { EXAMINE_OPTIONS } from '../fixtures/events.js'
import { clientOf, rig, TOPIC, type RigOptions } from '../helpers/engine.js'
import { until } from '../helpers/until.js'

const STUCK_MS = 60_000
const HOLD_MS = 30_000
const GONE = environment('key', 'NOT_FOUND', 'planted')
const THROTTLED = environment('stage', 'THROTTLED', 'planted')

/** An engine whose readiness is tended; `looks` waits until it has been looked at again, whatever there was to see. */
function tended (t: Test, options: RigOptions) {
  const road = rig(options)
  const log = new Proxy({}, { get: () => () => {} }) as KafkaLog
  const lines: Array<Record<string, unknown>> = []
  const logger = createLogger({ level: 'info', destination: { write: line => { lines.push(JSON.parse(line) as Record<string, unknown>) } } })
  const health = new Health()
  let looks = 0
  const timer = tendHealth({
    source: { get polls () { return ++looks } },
    engine: road.engine,
    examiner: createEventsExaminer({ ...EXAMINE_OPTIONS, threads: 0, timeoutMs: 1_000, retryTimeoutMs: 1_000, clock: road.clock }),
    deadLetters: new DeliveryProducer({ properties: { global: {}, topic: {} }, log, clock: road.clock }),
    health,
    logger,
    stuckPartitionMs: STUCK_MS,
    readyHoldMs: HOLD_MS,
    maxPollIntervalMs: 300_000
  })
  t.teardown(() => {
    timer.clear()
    road.engine.shutDown()
  })
  const looked = async (): Promise<void> => {
    const before = looks
    await until(() => looks > before)
  }
  return { ...road, health, lines, looked }
}

t.test('a record that never settles turns it unready, and is named by place and age, once', async t => {
  const { poll, first, clock, health, lines, looked } = tended(t, {})
  await poll(0, 41, 'a/1', 'a/2')
  await clock.pass(STUCK_MS - 1)
  await looked()
  t.equal(health.ready, true)
  await clock.pass(2)
  await looked()
  t.match(health.problems, [{ check: 'partitions', reason: `stuck: ${TOPIC}-0 at offset 41` }])
  await looked()
  t.match(lines, [{ level: 'error', topic: TOPIC, partition: 0, offset: 41, ageMs: STUCK_MS + 1, message: /does not settle/ }])
  first.answer = () => DONE
  await first.last.settle()
  await clock.pass(1_000)
  await looked()
  t.equal(health.ready, true)
})

t.test('a stage that is held for long turns it unready, and it is ready again once the stage heals', async t => {
  const { poll, first, clock, health, looked } = tended(t, { stages: [{ answer: () => THROTTLED }] })
  await poll(0, 0, 'a/1')
  await clock.pass(HOLD_MS / 2)
  await looked()
  t.equal(health.ready, true, 'not for a moment')
  await clock.pass(HOLD_MS / 2 + 1_000)
  await looked()
  t.match(health.problems, [{ check: 'stages', reason: /stage-0.*THROTTLED/ }])
  t.equal(health.live, true, 'a restart would not help')
  first.answer = () => DONE
  await clock.pass(10_000)
  await looked()
  t.equal(health.ready, true)
})

t.test('neither one client\'s missing queue nor a lack of credit is a reason', async t => {
  const { engine, poll, clock, health, looked } = tended(t, {
    stages: [{ batchKey: clientOf, answer: call => call.flights[0]?.payload.client === 'a' ? GONE : undefined }],
    limits: { maxInFlightRecords: 4, replayShare: 0, holdMaxMs: 1e9 },
    retryQueue: null
  })
  await poll(0, 0, 'a/1', 'b/1', 'b/2', 'b/3')
  await clock.pass(HOLD_MS + 1_000)
  t.equal(engine.available, 0)
  t.strictSame(engine.holds().map(({ scope, key }) => [scope, key]), [['key', 'a']])
  await looked()
  t.strictSame(health.problems, [])
})
