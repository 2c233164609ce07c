import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { readTopic } from '../../src/proof/read-topic.js'
import { findFreePort, releasePort } from '../../src/stack/ports.js'
import { BROKER_TIME } from '../events/latency.js'
import { usageOf } from '../events/process-usage.js'
import { kafkaAt } from '../events/produce.js'
import { type Program, startProgram } from '../events/program.js'
import { createTopic } from '../events/topic.js'
import { type Variant } from '../events/variants.js'
import { type Figures } from '../report.js'
import { WRONG } from '../scope.js'
import { type Behaviour } from './behaviours.js'
import { type Endpoints, startEndpoints } from './endpoints.js'
import { flawOf, latenciesOf, quantile } from './latencies.js'
import { EventSender } from './send-events.js'
import { threadsOf } from './threads.js'

export interface DeliveryBed {
  readonly brokers: string
  /** For logs and the like. */
  readonly dir: string
  readonly partitions: number
  /** The service, as a user starts it. */
  readonly variant: Variant
  readonly notes: Set<string>
}

export interface DeliveryLoad {
  readonly name: string
  readonly destinations: Readonly<Record<string, Behaviour>>
  /** Come before anything is measured: they warm up what is well, and fill what is not. */
  readonly burst: number
  /** 0: the idle process is not looked at. */
  readonly idleSeconds: number
  readonly perSecond: number
  readonly seconds: number
}

const PROBE = new URL('./pool-probe.js', import.meta.url).href
const SETTLE_MS = 3_000
const LOOK_MS = 200
const STALL_MS = 60_000
/** No shorter than a revocation may take. */
const SHORT_GRACE_MS = '5000'
/** Exit codes: drained, and cut at the deadline, which is no wonder with a destination that hangs. */
const DRAINED = 0
const CUT = 3

/** Clients → the service, that accepts and delivers → destinations, beside a Kafka; a topic and groups of its own. */
export async function measureDelivery (bed: DeliveryBed, load: DeliveryLoad): Promise<Figures> {
  const topic = `bench-${randomBytes(4).toString('hex')}`
  await createTopic(bed.brokers, topic, bed.partitions, BROKER_TIME)
  await createTopic(bed.brokers, `${topic}.dead-letters`, 1)
  const endpoints = await startEndpoints(load.destinations)
  const port = await findFreePort()
  const probeFile = join(bed.dir, `${topic}.pool`)
  const isWell = Object.values(load.destinations).every(behaviour => behaviour === 'succeeds')
  const env = {
    KAFKA_BROKERS: bed.brokers,
    DELIVERY_TOPIC: topic,
    DELIVERY_GROUP_PREFIX: `${topic}-`,
    DELIVERY_DESTINATIONS_JSON: JSON.stringify(Object.entries(endpoints.urls).map(([name, url]) => ({
      name, url, allowHttp: true, allowedNetworks: ['127.0.0.1'], deadLetterTopic: `${topic}.dead-letters`
    }))),
    INGEST_PORT: String(port),
    ADMIN_PORT: '0',
    BENCH_POOL_PROBE_FILE: probeFile,
    ...isWell ? {} : { SHUTDOWN_GRACE_MS: SHORT_GRACE_MS }
  }
  const program = await startProgram(bed.variant, env, join(bed.dir, `${topic}.log`), ['--import', PROBE])
  const sender = new EventSender(`http://127.0.0.1:${port}`)
  try {
    return await Promise.race([new Run(bed, load, { topic, endpoints, program, sender, probeFile }).figures(), program.died])
  } finally {
    await sender.close()
    const code = await program.stop()
    if (code !== DRAINED && (isWell || code !== CUT)) bed.notes.add(`${WRONG}: ${load.name} ended with exit code ${code}`)
    await endpoints.close()
    releasePort(port)
  }
}

interface Parts {
  readonly topic: string
  readonly endpoints: Endpoints
  readonly program: Program
  readonly sender: EventSender
  readonly probeFile: string
}

class Run {
  readonly #bed: DeliveryBed
  readonly #load: DeliveryLoad
  readonly #parts: Parts
  readonly #well: readonly string[]

  constructor (bed: DeliveryBed, load: DeliveryLoad, parts: Parts) {
    this.#bed = bed
    this.#load = load
    this.#parts = parts
    this.#well = Object.entries(load.destinations).filter(([, behaviour]) => behaviour === 'succeeds').map(([name]) => name)
  }

  async figures (): Promise<Figures> {
    const { burst, idleSeconds, perSecond, seconds } = this.#load
    const { sender, program: { pids, startedAt } } = this.#parts
    const early = await sender.first()
    await this.#reach(1)
    const joined = (performance.now() - startedAt) / 1000
    early.push(...await sender.burst(burst))
    await this.#reach(early.length)
    await wait(SETTLE_MS)
    const idle = await this.#idle()

    const before = usageOf(pids)
    const begin = Date.now()
    const ids = await sender.paced(perSecond, seconds)
    await this.#reach(early.length + ids.length)
    const end = Date.now()
    const after = usageOf(pids)
    const latencies = await this.#latencies(ids)
    const cpuMicros = after.cpuMicros - before.cpuMicros - idle.cpuShare * (end - begin) * 1000
    const pool = this.#poolWaits(begin, end)
    return {
      'p50 ms': quantile(latencies, 0.5),
      'p99 ms': quantile(latencies, 0.99),
      [idleSeconds === 0 ? 'CPU µs/delivery' : 'CPU µs/delivery above idle']: cpuMicros / (ids.length * this.#well.length),
      'cores used': (after.cpuMicros - before.cpuMicros) / 1000 / (end - begin),
      'main thread waits for a core %': (after.mainThreadWaitMicros - before.mainThreadWaitMicros) / 10 / (end - begin),
      'a turn of the pool, p99 ms': quantile(pool, 0.99),
      ...idleSeconds === 0 ? {} : { 'idle CPU, % of a core': idle.cpuShare * 100, 'idle RSS MB': idle.rssBytes / 1e6, threads: idle.threads, 'seconds until all have joined': joined },
      'RSS peak MB': after.peakRssBytes / 1e6
    }
  }

  async #idle () {
    const { idleSeconds, name } = this.#load
    const { pids } = this.#parts.program
    const before = usageOf(pids)
    await wait(idleSeconds * 1000)
    const after = usageOf(pids)
    const kinds = threadsOf(pids)
    if (idleSeconds > 0) this.#bed.notes.add(`${name}: threads ${[...kinds].map(([kind, count]) => `${kind} ${count}`).join(', ')}`)
    return {
      cpuShare: idleSeconds === 0 ? 0 : (after.cpuMicros - before.cpuMicros) / 1e6 / idleSeconds,
      rssBytes: after.rssBytes,
      threads: [...kinds.values()].reduce((sum, count) => sum + count, 0)
    }
  }

  /** So many requests have come to each of those that are well. */
  async #reach (events: number): Promise<void> {
    let last = { requests: -1, at: 0 }
    for (;;) {
      const { arrivals } = await this.#parts.endpoints.report()
      const counts = this.#well.map(name => arrivals[name]?.length ?? 0)
      if (counts.every(count => count >= events)) return
      const requests = counts.reduce((sum, count) => sum + count, 0)
      if (requests > last.requests) last = { requests, at: performance.now() }
      else if (performance.now() - last.at > STALL_MS) throw new Error(`${this.#load.name}: of ${events} events no more came than ${counts.join(', ')}`)
      await wait(LOOK_MS)
    }
  }

  async #latencies (ids: readonly string[]): Promise<Float64Array> {
    const { endpoints, topic } = this.#parts
    const { arrivals } = await endpoints.report()
    for (const [name, behaviour] of Object.entries(this.#load.destinations)) {
      const own = arrivals[name] ?? []
      const flaw = behaviour === 'succeeds' ? flawOf(own, ids) : own.length === 0 ? 'nothing was sent to it' : undefined
      if (flaw !== undefined) this.#bed.notes.add(`${WRONG}: ${this.#load.name}, ${name}: ${flaw}`)
    }
    const measured = new Set(ids)
    const takenAt = new Map<string, number>()
    await readTopic(kafkaAt(this.#bed.brokers), topic, ({ value, timestamp }) => {
      const { id } = JSON.parse(String(value)) as { id: string }
      if (measured.has(id)) takenAt.set(id, timestamp)
    })
    return latenciesOf(this.#well.map(name => arrivals[name] ?? []), takenAt)
  }

  #poolWaits (begin: number, end: number): Float64Array {
    const { probeFile } = this.#parts
    const lines = existsSync(probeFile) ? readFileSync(probeFile, 'utf8').split('\n') : []
    return Float64Array.from(lines.map(line => line.split(' ').map(Number)).filter(([at = 0]) => at >= begin && at <= end).map(([, waitMs = NaN]) => waitMs)).sort()
  }
}
