import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { JOIN_AT_ONCE } from '../../src/cli/run-flags.js'
import { DEAD_LETTER_HEADROOM_BYTES } from '../../src/connectors/kafka/client-config.js'
import { ORIGIN_HEADER, parseOrigin } from '../../src/connectors/kafka/message-headers.js'
import { readEnds } from '../../src/proof/read-ends.js'
import { readTopic } from '../../src/proof/read-topic.js'
import { startLocalStack } from '../../src/stack/local-stack.js'
import { usageOf } from '../events/process-usage.js'
import { kafkaAt } from '../events/produce.js'
import { profileNotes } from '../events/profile-summary.js'
import { type Program, startProgram } from '../events/program.js'
import { createTopic } from '../events/topic.js'
import { type Variant } from '../events/variants.js'
import { type Figures, medians } from '../report.js'
import { type Measurement, WRONG } from '../scope.js'
import { Arrivals, fillTopic, OUTPUT_TOPICS, registerSchemas } from './topics.js'

export interface RoutingBenchOptions {
  readonly variants: readonly Variant[]
  readonly records: number
  readonly runs: number
  readonly partitions: number
  /** Of the latency measurement, records/s; 0 leaves it out. */
  readonly latencyRate: number
  readonly latencySeconds: number
  readonly profile: boolean
  readonly progress: (line: string) => void
}

interface Bed extends RoutingBenchOptions {
  readonly brokers: string
  readonly registryUrl: string
  readonly dir: string
  readonly notes: string[]
}

const SOURCE = 'producer.to.processor'
const TRICKLE = 'producer.to.processor.slow'
const RELAYED = 'bench.relayed'
/** Its records carry the time at which the broker took them. */
const BROKER_TIME = { 'message.timestamp.type': 'LogAppendTime' }
const WARM_UP_SHARE = 0.2
const NOTHING = 'doing nothing'
/** Started as the service starts itself: with its flags (see `startProgram`), and with its allocator. */
const RELAY: Variant = { name: NOTHING, command: [fileURLToPath(new URL('./relay.js', import.meta.url)), RELAYED], env: { GLIBC_TUNABLES: JOIN_AT_ONCE }, naive: true }

/**
 * A full topic of Avro records → the service as a user starts it → the topics of three destinations; beside it a program
 * that writes what it reads. Kafka and registry are real, and share this machine's cores with both.
 */
export async function benchRouting (options: RoutingBenchOptions): Promise<Measurement> {
  const dir = mkdtempSync(join(tmpdir(), 'penstock-bench-'))
  const stack = await startLocalStack({ dir, servers: ['kafka', 'registry'] })
  const bed: Bed = { ...options, brokers: stack.kafka.brokers, registryUrl: stack.registry.url, dir, notes: [] }
  try {
    const schemas = await registerSchemas(bed.registryUrl)
    await createTopics(bed)
    options.progress(`filling ${SOURCE}`)
    await fillTopic({ ...bed, topic: SOURCE, schemas })
    const measured: Record<string, Figures[]> = {}
    const variants = [RELAY, ...options.variants]
    for (let run = 0; run < options.runs; run++) {
      for (let place = 0; place < variants.length; place++) {
        const variant = variants[(place + run) % variants.length]!
        options.progress(`run ${run + 1} of ${options.runs}: ${variant.name}`);
        (measured[variant.name] ??= []).push(await runOnce(bed, variant))
      }
    }
    if (options.latencyRate > 0) {
      options.progress(`${options.latencyRate} records/s for ${options.latencySeconds} s`)
      const { variants: [variant = RELAY] } = options
      measured[variant.name]![0] = { ...measured[variant.name]![0], ...await trickle(bed, variant, schemas) }
    }
    return { variants: measured, notes: [...bed.notes, ...sharesOf(measured)] }
  } finally {
    await stack.stop()
    rmSync(dir, { recursive: true, force: true })
  }
}

async function createTopics ({ brokers, partitions }: Bed): Promise<void> {
  await createTopic(brokers, SOURCE, partitions)
  await createTopic(brokers, TRICKLE, partitions, BROKER_TIME)
  for (const source of [SOURCE, TRICKLE]) await createTopic(brokers, `${source}.dead-letters`, 1, { 'max.message.bytes': String(1_048_576 + DEAD_LETTER_HEADROOM_BYTES) })
  for (const topic of [...OUTPUT_TOPICS, RELAYED]) await createTopic(brokers, topic, partitions, BROKER_TIME)
}

/** From the end of the warm-up to the last record. */
async function runOnce (bed: Bed, variant: Variant): Promise<Figures> {
  return await withArrivals(bed, variant, async arrivals => {
    const begin = await arrivals.count()
    return await withProgram(bed, variant, SOURCE, async program => {
      const before = { ...await arrivals.reach(begin + bed.records * WARM_UP_SHARE), usage: usageOf(program.pids) }
      const after = { ...await arrivals.reach(begin + bed.records), usage: usageOf(program.pids) }
      if (after.records !== begin + bed.records) bed.notes.push(`${variant.name}: ${after.records - begin} records of ${bed.records}`)
      const records = after.records - before.records
      const seconds = (after.at - before.at) / 1000
      const cpuMicros = after.usage.cpuMicros - before.usage.cpuMicros
      return {
        'records/s': records / seconds,
        'CPU µs/record': cpuMicros / records,
        'main thread µs/record': (after.usage.mainThreadMicros - before.usage.mainThreadMicros) / records,
        'cores used': cpuMicros / 1e6 / seconds,
        'main thread waits for a core %': (after.usage.mainThreadWaitMicros - before.usage.mainThreadWaitMicros) / 1e4 / seconds,
        'RSS peak MB': after.usage.peakRssBytes / 1e6
      }
    })
  })
}

/** From the broker's timestamp in the source to that in the destination's topic, whole ms. */
async function trickle (bed: Bed, variant: Variant, schemas: Awaited<ReturnType<typeof registerSchemas>>): Promise<Figures> {
  const records = bed.latencyRate * bed.latencySeconds
  return await withArrivals(bed, variant, async arrivals => {
    const begin = await arrivals.count()
    return await withProgram({ ...bed, profile: false }, variant, TRICKLE, async () => {
      const fill = { ...bed, topic: TRICKLE, schemas, perSecond: bed.latencyRate }
      // It has to start and to join its group first.
      await fillTopic({ ...fill, records: bed.latencyRate })
      await arrivals.reach(begin + bed.latencyRate)
      const startedAt = Date.now()
      await fillTopic({ ...fill, records })
      await arrivals.reach(begin + bed.latencyRate + records)
      const latencies: number[] = []
      for (const topic of OUTPUT_TOPICS) {
        await readTopic(kafkaAt(bed.brokers), topic, ({ headers, timestamp }) => {
          const origin = parseOrigin(String(headers.find(([name]) => name === ORIGIN_HEADER)?.[1]))?.timestamp ?? 0
          if (origin >= startedAt) latencies.push(timestamp - origin)
        })
      }
      latencies.sort((a, b) => a - b)
      const at = (share: number): number => latencies[Math.floor(latencies.length * share)] ?? NaN
      return { [`p50 ms at ${bed.latencyRate}/s`]: at(0.5), [`p99 ms at ${bed.latencyRate}/s`]: at(0.99) }
    })
  })
}

async function withArrivals<T> ({ brokers, partitions }: Bed, variant: Variant, use: (arrivals: Arrivals) => Promise<T>): Promise<T> {
  const arrivals = await Arrivals.at(brokers, variant === RELAY ? [RELAYED] : OUTPUT_TOPICS, partitions)
  try {
    return await use(arrivals)
  } finally {
    await arrivals.close()
  }
}

async function withProgram<T> (bed: Bed, variant: Variant, topic: string, use: (program: Program) => Promise<T>): Promise<T> {
  const groupId = `bench-${randomBytes(4).toString('hex')}`
  const profiles = bed.profile ? mkdtempSync(join(tmpdir(), 'penstock-profile-')) : ''
  const env = { KAFKA_BROKERS: bed.brokers, KAFKA_GROUP_ID: groupId, ROUTING_TOPIC: topic, SCHEMA_REGISTRY_URL: bed.registryUrl, ADMIN_PORT: '0' }
  const program = await startProgram(variant, env, join(bed.dir, `${groupId}.log`), bed.profile ? ['--cpu-prof', '--cpu-prof-dir', profiles] : [])
  try {
    return await Promise.race([use(program), program.died])
  } finally {
    const code = await program.stop()
    if (code !== 0) bed.notes.push(`${WRONG}: ${variant.name} ended with exit code ${code}`)
    else if (variant !== RELAY) await checkCommits(bed, variant, topic, groupId)
    if (bed.profile) bed.notes.push(...profileNotes(profiles, program.pids[0] ?? 0).map(note => `${variant.name}: ${note}`))
  }
}

async function checkCommits ({ brokers, notes }: Bed, { name }: Variant, topic: string, groupId: string): Promise<void> {
  const behind = (await readEnds(kafkaAt(brokers), topic, groupId)).filter(({ low, end, committed }) => (committed ?? low) !== end)
  if (behind.length > 0) notes.push(`${WRONG}: ${name} has not committed to the end: partitions ${behind.map(({ partition }) => partition).join(', ')}`)
}

function sharesOf (measured: Readonly<Record<string, readonly Figures[]>>): string[] {
  const rateOf = (name: string): number => medians(measured[name] ?? [])['records/s'] ?? NaN
  return Object.keys(measured).filter(name => name !== NOTHING)
    .map(name => `${name}: ${(100 * rateOf(name) / rateOf(NOTHING)).toFixed(0)} % of the rate of the program that writes what it reads.`)
}
