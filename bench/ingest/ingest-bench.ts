import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { JOIN_AT_ONCE } from '../../src/cli/run-flags.js'
import { readTopic } from '../../src/proof/read-topic.js'
import { startLocalStack } from '../../src/stack/local-stack.js'
import { usageOf } from '../events/process-usage.js'
import { kafkaAt } from '../events/produce.js'
import { profileNotes } from '../events/profile-summary.js'
import { type Program, startProgram } from '../events/program.js'
import { type Variant } from '../events/variants.js'
import { type Figures, medians } from '../report.js'
import { type Measurement, WRONG } from '../scope.js'
import { type Load, sendLoad } from './send-load.js'

export interface IngestBenchOptions extends Omit<Load, 'seconds'> {
  readonly variants: readonly Variant[]
  readonly runs: number
  readonly seconds: number
  /** Of load on each program before it is measured, so that it is compiled. */
  readonly warmUpSeconds: number
  /** Of load before the first run, for Kafka. */
  readonly kafkaWarmUpSeconds: number
  readonly profile: boolean
  readonly progress: (line: string) => void
}

interface Running extends Program {
  readonly url: string
  /** A folder; empty when it is not profiled. */
  readonly profiles: string
}

const NOTHING = 'doing nothing'
const NO_LOG = 'without Kafka'
const ENDPOINT = fileURLToPath(new URL('./idle-endpoint.js', import.meta.url))
/** Beside its flags, which `startProgram` gives. */
const AS_SERVICE = { GLIBC_TUNABLES: JOIN_AT_ONCE }
const IDLE: readonly Variant[] = [
  { name: NOTHING, command: [ENDPOINT, 'nothing'], env: AS_SERVICE, naive: true },
  { name: NO_LOG, command: [ENDPOINT, 'no-log'], env: AS_SERVICE, naive: true }
]
const TOPIC = 'event-log'
const START_TIMEOUT_MS = 60_000
const LOOK_MS = 50

/**
 * Clients → the service as a user starts it, accepting events alone → a real Kafka; beside it the endpoint that does
 * nothing. Each run starts its programs anew: from start to start of the same program its speed differs by more than
 * from one measurement of a process to the next.
 */
export async function benchIngest (options: IngestBenchOptions): Promise<Measurement> {
  const dir = mkdtempSync(join(tmpdir(), 'penstock-bench-'))
  const stack = await startLocalStack({ dir, servers: ['kafka'], kafka: { optimize: true } })
  const measured: Record<string, Figures[]> = {}
  const explained: string[] = []
  let accepted = 0
  const runOnce = async (variant: Variant, warmUpSeconds: number, measures: boolean): Promise<void> => {
    const program = await startOne(variant, stack.kafka.brokers, dir, options.profile)
    try {
      const warmUp = await Promise.race([sendLoad(program.url, { ...options, seconds: warmUpSeconds }), program.died])
      if (isService(variant)) accepted += warmUp.events
      if (!measures) return
      const { figures, events } = await measure(program, stack.kafka.pid ?? 0, options);
      (measured[variant.name] ??= []).push(figures)
      if (isService(variant)) accepted += events
    } finally {
      await program.stop()
      // A profile is written at the end of its process.
      if (program.profiles !== '' && measures) explained.push(...profileNotes(program.profiles, program.pids[0] ?? 0).map(note => `${variant.name}: ${note}`))
    }
  }
  try {
    options.progress('warming up Kafka')
    await runOnce(options.variants[0]!, options.kafkaWarmUpSeconds, false)
    const variants = [...IDLE, ...options.variants]
    for (let run = 0; run < options.runs; run++) {
      for (let place = 0; place < variants.length; place++) {
        const variant = variants[(place + run) % variants.length]!
        options.progress(`run ${run + 1} of ${options.runs}: ${variant.name}`)
        await runOnce(variant, options.warmUpSeconds, true)
      }
    }
    const notes = [await checkTopic(stack.kafka.brokers, accepted), ...sharesOf(measured), ...explained]
    return { variants: measured, setting: `${options.batch}-a-request`, notes }
  } finally {
    await stack.stop()
    rmSync(dir, { recursive: true, force: true })
  }
}

function isService (variant: Variant): boolean {
  return !IDLE.includes(variant)
}

async function startOne (variant: Variant, brokers: string, dir: string, profile: boolean): Promise<Running> {
  const env = { KAFKA_BROKERS: brokers, DELIVERY_PARTS: 'ingest', DELIVERY_TOPIC: TOPIC, INGEST_PORT: '0', ADMIN_PORT: '0' }
  const log = join(dir, `${variant.name.replace(/\W/g, '-')}.log`)
  const profiles = profile ? mkdtempSync(join(tmpdir(), 'penstock-profile-')) : ''
  const program = await startProgram(variant, env, log, profile ? ['--cpu-prof', '--cpu-prof-dir', profiles] : [])
  return { ...program, profiles, url: await Promise.race([urlIn(log), program.died]) }
}

/** The service says where it listens, and so does the endpoint; it accepts a little later. */
async function urlIn (log: string): Promise<string> {
  const deadline = performance.now() + START_TIMEOUT_MS
  while (performance.now() < deadline) {
    await wait(LOOK_MS)
    const url = /"url":"([^"]+)"/.exec(readFileSync(log, 'utf8'))?.[1]
    if (url !== undefined && await isAccepting(url)) return url
  }
  throw new Error('it accepts no events')
}

/** With an event that is no part of any count: it is refused for what it is, once others would be accepted. */
async function isAccepting (url: string): Promise<boolean> {
  const response = await fetch(url, { method: 'PUT', headers: { 'content-type': 'application/json' }, body: PROBE }).catch(() => undefined)
  return response?.status === 202
}

const PROBE_USER = 'probe'
const PROBE = JSON.stringify({ user_id: PROBE_USER, payload: '' })

async function measure (program: Running, kafkaPid: number, options: IngestBenchOptions): Promise<{ figures: Figures, events: number }> {
  const before = { ...usageOf(program.pids), kafka: usageOf([kafkaPid]), clients: usageOf([process.pid]) }
  const { requests, events, seconds, latenciesMs } = await Promise.race([sendLoad(program.url, options), program.died])
  const after = { ...usageOf(program.pids), kafka: usageOf([kafkaPid]), clients: usageOf([process.pid]) }
  const cpuMicros = after.cpuMicros - before.cpuMicros
  return {
    events,
    figures: {
      'requests/s': requests / seconds,
      'events/s': events / seconds,
      'CPU µs/request': cpuMicros / requests,
      'main thread µs/request': (after.mainThreadMicros - before.mainThreadMicros) / requests,
      'main thread waits for a core %': (after.mainThreadWaitMicros - before.mainThreadWaitMicros) / 1e4 / seconds,
      'Kafka CPU µs/request': (after.kafka.cpuMicros - before.kafka.cpuMicros) / requests,
      'clients CPU µs/request': (after.clients.cpuMicros - before.clients.cpuMicros) / requests,
      'p50 ms': latenciesMs.at(0.5),
      'p99 ms': latenciesMs.at(0.99),
      'RSS peak MB': after.peakRssBytes / 1e6
    }
  }
}

/** What was answered with 202 is in the topic, each once. */
async function checkTopic (brokers: string, accepted: number): Promise<string> {
  const ids = new Set<string>()
  let records = 0
  await readTopic(kafkaAt(brokers), TOPIC, ({ key, value }) => {
    if (String(key) === PROBE_USER) return
    records++
    ids.add((JSON.parse(String(value)) as { id: string }).id)
  })
  return `${accepted === records && ids.size === records ? 'every' : `${WRONG}: not every`} accepted event is in the topic, once: ${accepted} accepted, ${records} there, ${ids.size} of them distinct`
}

/** The median of the ratios within a run: what disturbed one half of a pair disturbed the other. */
function sharesOf (measured: Readonly<Record<string, readonly Figures[]>>): string[] {
  const idle = measured[NOTHING] ?? []
  return Object.entries(measured).filter(([name]) => name !== NOTHING).map(([name, runs]) => {
    const shares = runs.map((run, at) => ({ share: (run['requests/s'] ?? NaN) / (idle[at]?.['requests/s'] ?? NaN) }))
    return `${name}: ${Math.round((medians(shares).share ?? NaN) * 100)} % of the requests/s of the endpoint that does nothing (median of ${runs.length} pairs)`
  })
}
