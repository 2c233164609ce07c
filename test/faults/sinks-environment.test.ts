import t from 'tap'
import { type Control } from '../../bench/recording-endpoint/recording-endpoint.js'
import { CLIENTS } from '../../src/generator/valid-event.js'
import { PATIENT } from '../helpers/patience.js'
import { type LogLine } from '../helpers/service.js'
import { startTestStack } from '../helpers/stack.js'
import { Experiment } from './harness/experiment.js'
import { type FaultRun } from './harness/fault-run.js'
import { parameter } from './harness/parameters.js'

const EVENTS = parameter('SINK_EVENTS', 200)
const SICK = 'Client_B'
/** Probes that must have failed before it heals. */
const PROBES = 3
/** Out of sight in the retry queue: a replay of a queue that is still held is put back for half a minute. */
const POSTPONED_MS = 31_000
/** Together below the 5 minutes of deduplication. */
const MOST_TURNS = 8

interface Sickness {
  readonly what: string
  readonly stage: 'table' | 'queues'
  /** Of one client's queue only. */
  readonly key?: string
  readonly code: string
  control (run: FaultRun): Control
}

const tableRefuses = (error: string, status = 400) => (): Control => ({ faults: [{ operation: 'BatchWriteItem', status, error }] })
const queueRefuses = (error: string, status = 400) => (run: FaultRun): Control => ({ faults: [{ operation: 'SendMessageBatch', queue: run.queueOf(SICK), status, error }] })
const everyQueueRefuses = (error: string) => (): Control => ({ faults: [{ operation: 'SendMessageBatch', status: 403, error }] })

const SICKNESSES: readonly Sickness[] = [
  { what: 'the table is gone', stage: 'table', code: 'NOT_FOUND', control: run => ({ missingTables: [run.name] }) },
  { what: 'access to the table is denied', stage: 'table', code: 'ACCESS_DENIED', control: tableRefuses('AccessDeniedException') },
  { what: 'the table\'s key is disabled', stage: 'table', code: 'ACCESS_DENIED', control: tableRefuses('KMSAccessDeniedException') },
  { what: 'the credentials have expired, says the table', stage: 'table', code: 'CREDENTIALS', control: tableRefuses('ExpiredTokenException') },
  { what: 'the credentials are unknown, says the table', stage: 'table', code: 'CREDENTIALS', control: tableRefuses('UnrecognizedClientException') },
  { what: 'a queue is gone', stage: 'queues', key: SICK, code: 'NOT_FOUND', control: run => ({ missingQueues: [run.queueOf(SICK)] }) },
  { what: 'access to a queue is denied', stage: 'queues', key: SICK, code: 'ACCESS_DENIED', control: queueRefuses('AccessDenied', 403) },
  { what: 'a queue\'s key is disabled', stage: 'queues', key: SICK, code: 'ACCESS_DENIED', control: queueRefuses('KmsDisabled') },
  { what: 'the credentials have expired, say the queues', stage: 'queues', code: 'CREDENTIALS', control: everyQueueRefuses('ExpiredToken') }
]

const { kafka } = await startTestStack(t, { servers: ['kafka'] })

t.test('what is wrong with the environment is held and told, burns no attempt, condemns no record, and heals', async t => {
  const experiment = await Experiment.start(t, { name: 'environment', kafka: kafka.brokers, knobs: { READY_HOLD_MS: '300', ...PATIENT } })
  const { run, service } = experiment
  for (const sickness of SICKNESSES) {
    await t.test(sickness.what, async t => {
      const { stage, key } = sickness
      const said = service.log.length
      const accepted = run.accepted
      const costs = await experiment.costs()
      run.endpoint.control(sickness.control(run))
      const { others } = await produce(experiment)
      await service.sees('it is held', async () => (await service.metrics()).sum('penstock_held', { stage, ...(key === undefined ? {} : { key }) }) > 0)
      await service.sees('it was probed', () => (run.endpoint.hits().at(-1)?.hits ?? 0) >= PROBES)
      t.ok(service.log.slice(said).some(line => tellsOf(line, sickness)), 'the log says what and why')
      if (key === undefined) {
        await service.becomesUnready('stages')
      } else {
        await service.sees('the others go on', () => run.accepted === accepted + others)
        await service.becomesReady() // One sick queue is no reason to take it out of service.
      }
      t.match(await service.health('/live'), { status: 200 })
      t.ok(await run.road.lag() > 0, 'the offset waits')

      run.endpoint.control({ faults: [], missingQueues: [], missingTables: [] })
      await experiment.settled()
      await service.becomesReady()
      const { attempted, holds, ...ends } = await costs()
      t.comment(`figures: ${sickness.what}: amplification ${(attempted[stage === 'table' ? 'rows' : 'messages'] / EVENTS).toFixed(3)}, holds ${holds}`)
      t.match(ends, { spent: 0, deadLetters: 0 })
    })
  }
  await run.finish({ metricsTellAll: true })
  t.equal(await service.stop(), 0, { log: service.tail })
})

t.test('held for long, the records of a missing queue wait in the retry queue, or in place while that is missing too', async t => {
  const experiment = await Experiment.start(t, { name: 'both-queues', kafka: kafka.brokers, knobs: { HOLD_MAX_MS: '500', COMMIT_INTERVAL_MS: '100', ...PATIENT } })
  const { run, service } = experiment
  const retryQueue = run.road.config.retry.queue
  const inRetryQueue = (): number => run.endpoint.recorder.report(true).handedOver?.length ?? 0
  const costs = await experiment.costs()
  run.endpoint.control({ missingQueues: [run.queueOf(SICK), retryQueue] })
  const { others } = await produce(experiment)
  await service.sees('the retry queue is held as well', async () => (await service.metrics()).sum('penstock_held', { stage: 'retry' }) === 1)
  await service.sees('the others go on', () => run.accepted === others)
  t.ok(await run.road.lag() > 0, 'the offset waits')
  t.equal(inRetryQueue(), 0)

  run.endpoint.control({ missingQueues: [run.queueOf(SICK)] })
  await service.sees('they are handed over', () => inRetryQueue() === EVENTS - others, 60_000)
  await service.sees('no offset waits any longer', async () => await run.road.lag() === 0)
  const { handedOver = [] } = run.endpoint.recorder.report(true)
  t.same(new Set(handedOver.map(({ retryCount }) => retryCount)), new Set([0]), 'no attempt is burnt')
  await service.sees('they were taken up and put back', async () => (await service.metrics()).sum('penstock_postponed_records_total') > 0)

  run.heal()
  await comeBack(experiment)
  t.match(await costs(), { spent: 0, deadLetters: 0 })
  await run.finish({ order: 'counted', metricsTellAll: true })
  t.equal(await service.stop(), 0, { log: service.tail })
})

/** How many of the events are those of clients that are well. */
async function produce (experiment: Experiment): Promise<{ readonly others: number }> {
  await experiment.produce(EVENTS)
  const entries = (await experiment.run.road.entries()).slice(-EVENTS)
  return { others: entries.filter(({ client }) => client !== SICK && CLIENTS.includes(client ?? '')).length }
}

function tellsOf (line: LogLine, { stage, key, code }: Sickness): boolean {
  return line.level === 'warn' && line.message.includes('is held') && line['stage'] === stage && line['code'] === code && (key === undefined || line['key'] === key)
}

/** Puts the endpoint's clock forward, instead of waiting for what was put back, whenever nothing of it is in work. */
async function comeBack ({ run, service }: Experiment): Promise<void> {
  const state = () => {
    const { visible = 0, hidden = 0, received = 0, deleted = 0, visibilityChanges = 0 } = run.endpoint.recorder.report(false).kept[run.road.config.retry.queue] ?? {}
    return { isEmpty: visible + hidden === 0, received, putBack: visible === 0 && visibilityChanges + deleted >= received }
  }
  for (let turns = 0; turns < MOST_TURNS && !state().isEmpty; turns++) {
    await service.sees('all that was received is deleted or put back', () => state().putBack)
    const { received } = state()
    run.endpoint.control({ advanceMs: POSTPONED_MS })
    await service.sees('some of it was taken up', () => state().isEmpty || state().received > received)
  }
  await service.sees('the retry queue is empty', () => state().isEmpty, 60_000)
}
