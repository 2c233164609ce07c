import { join } from 'node:path'
import { AppError } from '../../errors.js'
import { type ProduceControls, type ProduceSummary } from '../../generator/produce-records.js'
import { produceRouting, type ProduceRoutingOptions } from '../../generator/routing/produce-routing.js'
import { chooseRoutingKinds } from '../../generator/routing/routing-kinds.js'
import { summariseLatency } from '../../proof/latency.js'
import { proveRouting } from '../../proof/routing/prove-routing.js'
import { routingProofRows } from '../../proof/routing/render-routing-proof.js'
import { loadConfig, type RoutingConfig } from '../../service/config/load-config.js'
import { findSchemaIds } from '../produce/routing.js'
import { createProgress } from '../progress.js'
import { provisionRouting } from '../provision/provision-routing.js'
import { valueSubject } from '../value-subject.js'
import { untilCommitted } from './drain.js'
import { adoptEnvironment, routingDemoEnvironment, type RoutingPlace } from './environment.js'
import { renderRoutingNextSteps } from './routing-next-steps.js'
import { type DemoService } from './service.js'
import { onStage, type Stage, type StageOptions } from './stage.js'
import { renderSummary } from './summary.js'
import { TRICKLE } from './trickle.js'

export interface RoutingDemoOptions extends StageOptions {
  readonly records: number
  /** Share, 0 to 1. */
  readonly invalid: number
  /** Share of the valid records that name several destinations, 0 to 1. */
  readonly fanOut: number
  readonly seed: number
}

export interface RoutingDemoHooks {
  readonly write?: (text: string) => void
  /** Called when everything has settled and before the topics are read. */
  readonly beforeProof?: (place: RoutingPlace, config: RoutingConfig) => Promise<void>
}

const PARTITIONS = 3
const ORIGINS = 50

/** Runs the demo of the routing pipeline to its end and returns the exit code. Changes this process' environment. */
export async function runRoutingDemo (options: RoutingDemoOptions, hooks: RoutingDemoHooks = {}): Promise<number> {
  return await onStage(options, hooks.write ?? (text => { process.stdout.write(text) }), stage => act(stage, options, hooks))
}

/** Whether everything agrees. */
async function act (stage: Stage, options: RoutingDemoOptions, hooks: RoutingDemoHooks): Promise<boolean> {
  const { report, dir } = stage
  const { records, invalid, fanOut, keep } = options
  report.text(`${records} records, ${percent(invalid)} invalid, ${percent(fanOut)} of the others for several destinations\n\n`)
  const { endpoint, adminPort } = await stage.startServers(['kafka', 'registry'])
  const place: RoutingPlace = { brokers: endpoint('kafka'), registryUrl: endpoint('registry'), adminPort }
  adoptEnvironment(routingDemoEnvironment(process.env, place))
  const { config } = loadConfig(process.env, 'routing')
  const steps = await provisionRouting(config, { partitions: PARTITIONS, replicationFactor: 1, timeoutMs: 30_000 })
  stage.created('Topics, schemas', steps, [['topic', 'topics'], ['schema', 'schemas']])
  const service = await stage.startService('routing', adminPort)

  const ledger = join(dir, 'ledger.ndjson')
  const production = await describeProduction(config, options, ledger)
  const elapsedMs = await workOff(stage, production, service)
  await produce({ ...production, count: records + TRICKLE.records }, { ratePerSecond: TRICKLE.perSecond, resume: true })
  if (await stage.untilSettled(service, records + TRICKLE.records)) report.trickle(TRICKLE)
  await untilCommitted(config, config.routing.topic)
  await hooks.beforeProof?.(place, config)

  const { topic, deadLetterTopic, processorId, destinations } = config.routing
  const proof = await proveRouting({
    ledger, kafka: config.kafka, topic, deadLetterTopic, groupId: config.kafka.groupId, processorId, destinations, registryUrl: place.registryUrl, inputSubject: valueSubject(topic)
  })
  report.done('Proof', 'source, destinations, dead letters and offsets are read to their ends')
  report.text(`\n${renderSummary({ ...proof, rows: routingProofRows(proof), identity: 'origin and content' }, {
    records,
    unit: 'records',
    arrival: 'its message\'s in Kafka',
    elapsedMs,
    backlog: summariseLatency(proof.latenciesMs(({ entry }) => entry.index < records)),
    trickle: summariseLatency(proof.latenciesMs(({ entry }) => entry.index >= records))
  })}`)
  if (keep) report.text(renderRoutingNextSteps(place, service, { dir, ledger }))
  return proof.agrees
}

async function describeProduction (config: RoutingConfig, { records, invalid, fanOut, seed }: RoutingDemoOptions, ledger: string): Promise<ProduceRoutingOptions> {
  const { topic, destinations } = config.routing
  return {
    kafka: { ...config.kafka, compression: 'lz4' },
    topic,
    count: records,
    seed,
    originServiceType: 'financial',
    originServiceIds: Array.from({ length: ORIGINS }, (_, origin) => String(123_456 + origin)),
    destinations: destinations.flatMap(({ name }) => spellings(name)),
    fanOutShare: fanOut,
    invalidShare: invalid,
    kinds: chooseRoutingKinds(undefined),
    schemas: await findSchemaIds(config, topic),
    now: Date.now,
    ledger
  }
}

/** Names of destinations compare without case. */
function spellings (name: string): string[] {
  return [...new Set([name, name.toLowerCase(), name.charAt(0).toUpperCase() + name.slice(1).toLowerCase()])]
}

/** From the first record sent to the last one settled, in ms. */
async function workOff (stage: Stage, production: ProduceRoutingOptions, service: DemoService): Promise<number> {
  const startedAt = performance.now()
  const progress = createProgress(production.count)
  try {
    const [isSettled, summary] = await Promise.all([
      stage.untilSettled(service, production.count, done => { progress.update(done) }),
      produce(production)
    ])
    const elapsedMs = performance.now() - startedAt
    progress.stop()
    stage.report.written('Records', summary)
    if (isSettled) stage.report.settled(production.count, elapsedMs)
    return elapsedMs
  } finally {
    progress.stop()
  }
}

async function produce (production: ProduceRoutingOptions, controls: ProduceControls = {}): Promise<ProduceSummary> {
  const summary = await produceRouting({ ...production, ...controls })
  if (summary.failed > 0) throw new AppError('UNAVAILABLE', `${summary.failed} records could not be produced; the first: ${summary.firstFailure}`)
  return summary
}

function percent (share: number): string {
  return `${+(share * 100).toFixed(4)} %`
}
