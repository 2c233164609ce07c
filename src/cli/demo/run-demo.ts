import { join } from 'node:path'
import { summariseLatency } from '../../proof/latency.js'
import { proofRows } from '../../proof/render-proof.js'
import { type EventsConfig, loadConfig } from '../../service/config/load-config.js'
import { createProgress } from '../progress.js'
import { provisionEvents } from '../provision/provision-events.js'
import { untilCommitted } from './drain.js'
import { adoptEnvironment, demoEnvironment, type DemoPlace } from './environment.js'
import { type FeedOptions, produceBacklog, produceTrickle, streamFile } from './feed.js'
import { renderNextSteps } from './next-steps.js'
import { proveDemo } from './prove-demo.js'
import { type DemoService } from './service.js'
import { onStage, type Stage, type StageOptions } from './stage.js'
import { renderSummary } from './summary.js'
import { TRICKLE } from './trickle.js'

export interface DemoOptions extends StageOptions {
  readonly events: number
  /** Share, 0 to 1. */
  readonly invalid: number
  readonly source: 'connect' | 'direct'
  readonly seed: number
}

export interface DemoHooks {
  readonly write?: (text: string) => void
  /** Called when everything has settled and before the stores are read. */
  readonly beforeProof?: (place: DemoPlace, config: EventsConfig) => Promise<void>
}

const PARTITIONS = 12

/** Runs the demo of the events pipeline to its end and returns the exit code. Changes this process' environment. */
export async function runDemo (options: DemoOptions, hooks: DemoHooks = {}): Promise<number> {
  return await onStage(options, hooks.write ?? (text => { process.stdout.write(text) }), stage => act(stage, options, hooks))
}

/** Whether everything agrees. */
async function act (stage: Stage, { events, invalid, source, keep, seed }: DemoOptions, hooks: DemoHooks): Promise<boolean> {
  const { report, dir } = stage
  report.text(`${events} events, ${+(invalid * 100).toFixed(4)} % invalid, ${source === 'connect' ? 'from a file through Kafka Connect' : 'straight to Kafka'}\n\n`)
  const place = await startServers(stage, source === 'connect')
  adoptEnvironment(demoEnvironment(process.env, place))
  const { config } = loadConfig(process.env, 'events')
  const steps = await provisionEvents(config, { partitions: PARTITIONS, replicationFactor: 1, update: false, timeoutMs: 30_000 })
  stage.created('Topics, table, queues', steps, [['topic', 'topics'], ['table', 'table'], ['queue', 'queues']])
  const service = await stage.startService('events', place.adminPort)

  const feed: FeedOptions = {
    events,
    invalidShare: invalid,
    seed,
    config,
    ledger: join(dir, 'ledger.ndjson'),
    eventsFile: source === 'connect' ? join(dir, 'events.txt') : undefined
  }
  const elapsedMs = await workOff(stage, feed, place, service)
  await produceTrickle(feed)
  if (await stage.untilSettled(service, events + TRICKLE.records)) report.trickle(TRICKLE)
  await untilCommitted(config, config.events.topic)
  await hooks.beforeProof?.(place, config)

  const proof = await proveDemo(config, place, feed.ledger)
  report.done('Proof', 'topic, table, queues, dead letters and offsets are read to their ends')
  report.text(`\n${renderSummary({ ...proof, rows: proofRows(proof), identity: 'uid and sha256' }, {
    records: events,
    unit: 'events',
    arrival: 'its message\'s in the queue',
    elapsedMs,
    backlog: summariseLatency(proof.latenciesMs(({ entry }) => entry.index < events)),
    trickle: summariseLatency(proof.latenciesMs(({ entry }) => entry.index >= events))
  })}`)
  if (keep) report.text(renderNextSteps(place, service, { ...feed, dir }))
  return proof.agrees
}

async function startServers (stage: Stage, withConnect: boolean): Promise<DemoPlace> {
  const { endpoint, adminPort } = await stage.startServers(['kafka', ...(withConnect ? ['connect' as const] : []), 'dynamodb', 'elasticmq'])
  return {
    brokers: endpoint('kafka'),
    connectUrl: withConnect ? endpoint('connect') : undefined,
    dynamodbEndpoint: endpoint('dynamodb'),
    sqsEndpoint: endpoint('elasticmq'),
    adminPort
  }
}

/** From the first record sent to the last one settled, in ms. */
async function workOff (stage: Stage, feed: FeedOptions, { connectUrl }: DemoPlace, service: DemoService): Promise<number> {
  const { eventsFile, events, config } = feed
  const { report } = stage
  let startedAt = performance.now()
  const producing = produceBacklog(feed)
  const describe = async (): Promise<void> => { report.written(eventsFile === undefined ? 'Events' : 'Events file', await producing) }
  if (eventsFile !== undefined && connectUrl !== undefined) {
    await describe()
    startedAt = performance.now()
    await streamFile(connectUrl, eventsFile, config.events.topic)
    report.done('File source connector', `runs; it streams ${eventsFile}`)
  }
  const progress = createProgress(events)
  try {
    const [isSettled] = await Promise.all([stage.untilSettled(service, events, done => { progress.update(done) }), producing])
    const elapsedMs = performance.now() - startedAt
    progress.stop()
    if (eventsFile === undefined) await describe()
    if (isSettled) report.settled(events, elapsedMs)
    return elapsedMs
  } finally {
    progress.stop()
  }
}
