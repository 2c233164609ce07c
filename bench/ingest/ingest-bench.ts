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
  /** Of load before the first run of each program, so that it, and Kafka behind it, are compiled. */
  readonly warmUpSeconds: number
  readonly profile: boolean
  readonly progress: (line: string) => void
}

interface Running extends Program {
  readonly name: string
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

/** Clients → the service as a user starts it, accepting events alone → a real Kafka; beside it the endpoint that does nothing. */
export async function benchIngest (options: IngestBenchOptions): Promise<Measurement> {
  const dir = mkdtempSync(join(tmpdir(), 'penstock-bench-'))
  const stack = await startLocalStack({ dir, servers: ['kafka'], kafka: { optimize: true } })
  const programs: Running[] = []
  try {
    for (const variant of [...IDLE, ...options.variants]) programs.push(await startOne(variant, stack.kafka.brokers, dir, options.profile))
    const measured: Record<string, Figures[]> = {}
    let accepted = 0
    for (const program of programs) {
      options.progress(`warming up: ${program.name}`)
      const { events } = await sendLoad(program.url, { ...options, seconds: options.warmUpSeconds })
      if (isService(program)) accepted += events
    }
    for (let run = 0; run < options.runs; run++) {
      for (let place = 0; place < programs.length; place++) {
        const program = programs[(place + run) % programs.length]!
        options.progress(`run ${run + 1} of ${options.runs}: ${program.name}`)
        const { figures, events } = await measure(program, stack.kafka.pid ?? 0, options);
        (measured[program.name] ??= []).push(figures)
        if (isService(program)) accepted += events
      }
    }
    const notes = [await checkTopic(stack.kafka.brokers, accepted), ...sharesOf(measured), ...await endAndExplain(programs)]
    return { variants: measured, setting: `${options.batch}-a-request`, notes }
  } finally {
    await endAndExplain(programs)
    await stack.stop()
    rmSync(dir, { recursive: true, force: true })
  }
}

/** A profile is written at the end of its process. */
async function endAndExplain (programs: Running[]): Promise<string[]> {
  const notes: string[] = []
  for (const { name, pids, profiles, stop } of programs.splice(0)) {
    await stop()
    if (profiles !== '') notes.push(...profileNotes(profiles, pids[0] ?? 0).map(note => `${name}: ${note}`))
  }
  return notes
}

function isService ({ name }: Running): boolean {
  return IDLE.every(variant => variant.name !== name)
}

async function startOne (variant: Variant, brokers: string, dir: string, profile: boolean): Promise<Running> {
  const env = { KAFKA_BROKERS: brokers, DELIVERY_PARTS: 'ingest', DELIVERY_TOPIC: TOPIC, INGEST_PORT: '0', ADMIN_PORT: '0' }
  const log = join(dir, `${variant.name.replace(/\W/g, '-')}.log`)
  const profiles = profile ? mkdtempSync(join(tmpdir(), 'penstock-profile-')) : ''
  const program = await startProgram(variant, env, log, profile ? ['--cpu-prof', '--cpu-prof-dir', profiles] : [])
  return { ...program, name: variant.name, profiles, url: await Promise.race([urlIn(log), program.died]) }
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
