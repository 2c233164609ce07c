import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { runFlags } from '../../src/cli/run-flags.js'
import { startLocalStack } from '../../src/stack/local-stack.js'
import { type Fault } from '../recording-endpoint/faults.js'
import { type Figures } from '../report.js'
import { type Measurement } from '../scope.js'
import { type EndpointProcess, type ServiceProcess, startEndpointProcess, startService } from './child-process.js'
import { createTopics, fillTopic, produceTimed } from './fill-topic.js'
import { usageOf } from './process-usage.js'
import { summarizeProfile } from './profile-summary.js'

export interface EventsBenchOptions {
  readonly events: number
  readonly runs: number
  /** Of a cluster that runs already; one is started without. */
  readonly brokers: string | undefined
  /** What each call of the table and the queues takes. */
  readonly sinkDelayMs: number
  /** Of the entries that table and queues fail, in runs beside undisturbed ones. 0: no such runs. */
  readonly partialFailuresPercent: number
  /** The rate of the latency measurement; 0 leaves it out. */
  readonly latencyRate: number
  readonly latencySeconds: number
  readonly profile: boolean
  readonly progress: (line: string) => void
}

const TOPIC = 'bench-events'
const LATENCY_TOPIC_PREFIX = 'bench-latency-'
const PARTITIONS = 12
/** Of the events, before anything is measured: the compiler and the connections warm up. */
const WARM_UP_SHARE = 0.2
const LOOK_MS = 200
const RUN_TIMEOUT_MS = 10 * 60 * 1000
const CONSUME_AND_DROP = fileURLToPath(new URL('./consume-and-drop.js', import.meta.url))

/**
 * End to end: a topic that is full already → the service as a user starts it → an endpoint that answers at once and
 * counts. Everything shares this machine's cores, so the rate is what one machine does with all of it; CPU per event is
 * the service's own.
 */
export async function benchEvents (options: EventsBenchOptions): Promise<Measurement> {
  const dir = mkdtempSync(join(tmpdir(), 'penstock-bench-'))
  const stack = options.brokers === undefined ? await startLocalStack({ dir, servers: ['kafka'] }) : undefined
  const brokers = options.brokers ?? stack?.kafka.brokers ?? ''
  try {
    options.progress(`filling ${TOPIC} with ${options.events} events`)
    await createTopics(brokers, [TOPIC], PARTITIONS)
    await fillTopic(brokers, TOPIC, options.events)
    options.progress('doing nothing with them')
    const baseline = consumeAndDrop(brokers, options.events)
    const runs: Figures[] = []
    const notes: string[] = []
    for (let run = 1; run <= options.runs; run++) {
      options.progress(`run ${run} of ${options.runs}`)
      const one: Run = { ...options, brokers, dir, notes, name: String(run), failPercent: 0 }
      runs.push(options.partialFailuresPercent === 0 ? await runOnce(one) : await runPair(one, run))
    }
    return { variants: { 'doing nothing': [baseline], tuned: runs }, notes }
  } finally {
    await stack?.stop()
    if (!options.profile) rmSync(dir, { recursive: true, force: true })
  }
}

interface Run extends EventsBenchOptions {
  readonly brokers: string
  readonly dir: string
  readonly notes: string[]
  readonly name: string
  readonly failPercent: number
}

/**
 * The same work undisturbed and with entries that fail, one after the other; which comes first changes from pair to
 * pair, so that a machine that slows down or speeds up favours neither.
 */
async function runPair (run: Run, pair: number): Promise<Figures> {
  const failing = { ...run, latencyRate: 0, name: `${run.name}-failing`, failPercent: run.partialFailuresPercent }
  const undisturbed = { ...run, latencyRate: 0 }
  const figures = new Map<Run, Figures>()
  for (const each of pair % 2 === 1 ? [undisturbed, failing] : [failing, undisturbed]) figures.set(each, await runOnce(each))
  return compare(figures.get(undisturbed) ?? {}, figures.get(failing) ?? {})
}

function compare (undisturbed: Figures, failing: Figures): Figures {
  return {
    'events/s kept %': 100 * (failing['events/s'] ?? NaN) / (undisturbed['events/s'] ?? NaN),
    ...undisturbed,
    ...Object.fromEntries(Object.entries(failing).map(([name, value]) => [`${name}, failing`, value]))
  }
}

async function runOnce (run: Run): Promise<Figures> {
  const endpoint = await startEndpointProcess('count')
  try {
    await endpoint.control({ faults: faultsOf(run) })
    const throughput = await measure(run, endpoint, TOPIC, async service => await drain(run, endpoint, service))
    if (run.latencyRate === 0) return throughput
    await endpoint.control({ restart: 'count' })
    const topic = `${LATENCY_TOPIC_PREFIX}${process.pid}-${run.name}`
    await createTopics(run.brokers, [topic], PARTITIONS)
    const latency = await measure({ ...run, profile: false }, endpoint, topic, async service => await trickle(run, endpoint, service, topic))
    return { ...throughput, ...latency }
  } finally {
    await endpoint.close()
  }
}

/** While a fault is armed the endpoint reads every entry: with failing runs to compare, it does so in undisturbed ones too. */
function faultsOf ({ sinkDelayMs, partialFailuresPercent, failPercent }: Run): Fault[] {
  if (sinkDelayMs === 0 && partialFailuresPercent === 0) return []
  return ['BatchWriteItem', 'SendMessageBatch'].map(operation => ({ operation, delayMs: sinkDelayMs, fail: { share: failPercent / 100 } }))
}

async function measure (run: Run, endpoint: EndpointProcess, topic: string, body: (service: ServiceProcess) => Promise<Figures>): Promise<Figures> {
  const profiles = join(run.dir, `profile-${run.name}`)
  const env = {
    KAFKA_BROKERS: run.brokers,
    KAFKA_GROUP_ID: `bench-${process.pid}-${topic}-${run.name}`,
    EVENTS_TOPIC: topic,
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'bench',
    AWS_SECRET_ACCESS_KEY: 'bench',
    AWS_ENDPOINT_URL: endpoint.url,
    ADMIN_PORT: '0'
  }
  const service = await startService(env, join(run.dir, `service-${topic}-${run.name}.log`), run.profile ? ['--cpu-prof', '--cpu-prof-dir', profiles] : [])
  try {
    return await Promise.race([body(service), service.died])
  } finally {
    const code = await service.stop()
    if (code !== 0) run.notes.push(`run ${run.name}: the service ended with exit code ${code}`)
    if (run.profile) run.notes.push(...profileNotes(profiles, service.pid))
  }
}

/** From the end of the warm-up to the last message. */
async function drain (run: Run, endpoint: EndpointProcess, service: ServiceProcess): Promise<Figures> {
  await accepted(endpoint, run.events * WARM_UP_SHARE)
  const before = { report: await endpoint.report(), usage: usageOf(service.pid) }
  await accepted(endpoint, run.events / 2)
  const halfway = usageOf(service.pid)
  await accepted(endpoint, run.events)
  const after = { report: await endpoint.report(), usage: usageOf(service.pid) }
  const events = after.report.messagesAccepted - before.report.messagesAccepted
  const seconds = (after.report.lastAcceptedAt - before.report.lastAcceptedAt) / 1000
  const cpuMicros = after.usage.cpuMicros - before.usage.cpuMicros
  if (after.report.messagesAccepted !== run.events) run.notes.push(`run ${run.name}: ${after.report.messagesAccepted} messages of ${run.events} events`)
  return {
    'events/s': events / seconds,
    'CPU µs/event': cpuMicros / events,
    'main thread µs/event': (after.usage.mainThreadMicros - before.usage.mainThreadMicros) / events,
    'cores used': cpuMicros / 1e6 / seconds,
    'RSS peak MB': after.usage.peakRssBytes / 1e6,
    'RSS growth in 2nd half MB': (after.usage.rssBytes - halfway.rssBytes) / 1e6,
    'rows per BatchWriteItem': after.report.rowsWritten / (after.report.calls['BatchWriteItem'] ?? 1),
    'messages per SendMessageBatch': after.report.messagesAccepted / (after.report.calls['SendMessageBatch'] ?? 1)
  }
}

/** At a steady rate that leaves the service room: what a single event waits for. */
async function trickle (run: Run, endpoint: EndpointProcess, service: ServiceProcess, topic: string): Promise<Figures> {
  const warmUp = run.latencyRate * 2
  await produceTimed(run.brokers, topic, warmUp, run.latencyRate)
  await accepted(endpoint, warmUp)
  await endpoint.control({ restart: 'count' })
  const events = run.latencyRate * run.latencySeconds
  const before = usageOf(service.pid)
  await produceTimed(run.brokers, topic, events, run.latencyRate)
  await accepted(endpoint, events)
  const { latencyMs } = await endpoint.report()
  return {
    'latency p50 ms': latencyMs?.p50 ?? NaN,
    'latency p99 ms': latencyMs?.p99 ?? NaN,
    'latency max ms': latencyMs?.max ?? NaN,
    'CPU µs/event at that rate': (usageOf(service.pid).cpuMicros - before.cpuMicros) / events
  }
}

async function accepted (endpoint: EndpointProcess, messages: number): Promise<void> {
  const deadline = performance.now() + RUN_TIMEOUT_MS
  for (;;) {
    const { messagesAccepted } = await endpoint.report()
    if (messagesAccepted >= messages) return
    if (performance.now() > deadline) throw new Error(`only ${messagesAccepted} of ${messages} messages arrived in time`)
    await wait(LOOK_MS)
  }
}

function consumeAndDrop (brokers: string, events: number): Figures {
  const line = execFileSync(process.execPath, [...runFlags(), CONSUME_AND_DROP, brokers, TOPIC, String(events)], { encoding: 'utf8', timeout: RUN_TIMEOUT_MS })
  const { eventsPerSecond, cpuMicrosPerEvent } = JSON.parse(line) as { eventsPerSecond: number, cpuMicrosPerEvent: number }
  return { 'events/s': eventsPerSecond, 'CPU µs/event': cpuMicrosPerEvent }
}

function profileNotes (folder: string, pid: number): string[] {
  const { file, owners } = summarizeProfile(folder, pid)
  return [`main thread, busy time by owner (${file}):`, ...owners.slice(0, 12).map(({ owner, share }) => `  ${(share * 100).toFixed(1).padStart(5)} %  ${owner}`)]
}
