import t, { type Test } from 'tap'
import { type LedgerEntry } from '../../src/generator/ledger.js'
import { type TestService } from '../helpers/service.js'
import { startTestStack } from '../helpers/stack.js'
import { deleteTopic } from './harness/delete-topic.js'
import { expectWaiting } from './harness/expect-waiting.js'
import { FaultRun } from './harness/fault-run.js'

const EVENTS = 400
const INVALID_SHARE = 0.05
const PARTITIONS = 2
/** Its queue is missing, so that its records have to be handed over. */
const SICK = 'Client_D'
const KNOBS = {
  READY_HOLD_MS: '1000',
  HOLD_MAX_MS: '500',
  COMMIT_INTERVAL_MS: '100',
  // Else it is only known after the client's own refresh that the topic is there again.
  KAFKA_PROPERTY_TOPIC_METADATA_REFRESH_INTERVAL_MS: '1000'
}

const { kafka } = await startTestStack(t, { servers: ['kafka'] })

t.test('while the dead-letter topic is deleted, no offset passes a poison record; not ready, and it heals unaided', async t => {
  const { run, service } = await start(t, 'no-dead-letters', [])
  await withoutDeadLetters(run)
  await produce(run)
  await service.becomesUnready('dead-letters')
  await expectWaitingAndSaid(t, run, service, ({ expected }) => expected !== 'valid')
  await run.road.createDeadLetterTopic()
  await heals(t, run, service)
})

t.test('while the retry queue is down, no offset passes a record that is to be handed over; not ready, and it heals unaided', async t => {
  const { run, service } = await start(t, 'no-retry-queue', [SICK, 'retry'])
  await produce(run)
  await service.becomesUnready('stages')
  await expectWaitingAndSaid(t, run, service, ({ client, expected }) => expected === 'valid' && client === SICK)
  await heals(t, run, service)
})

t.test('while both are down, no offset passes either kind; not ready for both reasons, and it heals unaided', async t => {
  const { run, service } = await start(t, 'neither', [SICK, 'retry'])
  await withoutDeadLetters(run)
  await produce(run)
  await service.becomesUnready('dead-letters')
  await service.becomesUnready('stages')
  await expectWaitingAndSaid(t, run, service, ({ client, expected }) => expected !== 'valid' || client === SICK)
  await run.road.createDeadLetterTopic()
  await heals(t, run, service)
})

async function start (t: Test, name: string, missingQueues: readonly string[]): Promise<{ readonly run: FaultRun, readonly service: TestService }> {
  const run = await FaultRun.create(t, { name, kafka: kafka.brokers, partitions: PARTITIONS, knobs: KNOBS, missingQueues })
  const service = await run.start()
  await service.ownsPartitions()
  return { run, service }
}

async function produce (run: FaultRun): Promise<void> {
  await run.produce({ count: EVENTS, seed: 1, invalidShare: INVALID_SHARE, key: 'uid' })
}

async function withoutDeadLetters (run: FaultRun): Promise<void> {
  await deleteTopic(run.road.config.kafka, run.road.config.events.deadLetterTopic)
}

async function expectWaitingAndSaid (t: Test, run: FaultRun, service: TestService, waits: (entry: LedgerEntry) => boolean): Promise<void> {
  await expectWaiting(t, run, service, waits)
  t.match(await service.health('/live'), { status: 200 })
  const validWait = (await run.road.entries()).some(entry => waits(entry) && entry.expected === 'valid')
  t.equal((await service.metrics()).sum('penstock_held', { key: SICK }) > 0, validWait, 'what is held is said')
}

async function heals (t: Test, run: FaultRun, service: TestService): Promise<void> {
  run.heal()
  await run.finish({ order: 'counted', metricsTellAll: true })
  await service.becomesReady()
  t.equal((await service.metrics()).sum('penstock_attempts_exhausted_total'), 0, 'nothing was burnt')
  t.equal(await service.stop(), 0, { log: service.tail })
}
