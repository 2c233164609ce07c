import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { KafkaAdmin } from '../../src/connectors/kafka/admin.js'
import { readEnds } from '../../src/proof/read-ends.js'
import { startLocalStack } from '../../src/stack/local-stack.js'
import { UidSum } from '../counting-endpoint/uid-sum.js'
import { kafkaAt } from './produce.js'

export interface TopicOptions {
  /** Of a cluster that runs already; one is started without. */
  readonly brokers?: string | undefined
  readonly events: number
  readonly partitions: number
  /** Kafka compiles itself as in production, and takes its time for that: for what lasts minutes. */
  readonly optimizeKafka?: boolean
  readonly progress: (line: string) => void
}

export interface FilledTopic {
  readonly brokers: string
  readonly topic: string
  /** Of the uids of its events. */
  readonly fingerprint: string
  /** For logs and the like; removed at the end. */
  readonly dir: string
}

const TIMEOUT_MS = 30_000
/** Standard deviations that chance may leave a partition with, of records that are spread one by one. */
const MOST_DEVIATIONS = 6
const FILL = fileURLToPath(new URL('./fill.js', import.meta.url))

/**
 * A topic with so many valid events, for as long as `use` takes. In a cluster that runs already it
 * stays, and the next one who wants as many events finds it.
 */
export async function withFilledTopic<T> ({ brokers: running, events, partitions, optimizeKafka = false, progress }: TopicOptions, use: (topic: FilledTopic) => Promise<T>): Promise<T> {
  const dir = mkdtempSync(join(tmpdir(), 'penstock-bench-'))
  const stack = running === undefined ? await startLocalStack({ dir, servers: ['kafka'], kafka: { optimize: optimizeKafka } }) : undefined
  const brokers = running ?? stack?.kafka.brokers ?? ''
  try {
    const topic = `bench-events-${events}-${partitions}`
    const present = await createTopic(brokers, topic, partitions) === 'existed'
    progress(present ? `${topic} is there` : `filling ${topic}`)
    const fingerprint = await fill(brokers, topic, events, present)
    await checkContents(brokers, topic, events)
    return await use({ brokers, topic, fingerprint, dir })
  } finally {
    await stack?.stop()
    rmSync(dir, { recursive: true, force: true })
  }
}

export async function createTopic (brokers: string, name: string, partitions: number, config: Readonly<Record<string, string>> = {}): Promise<'created' | 'existed'> {
  const admin = await KafkaAdmin.connect(kafkaAt(brokers), TIMEOUT_MS)
  try {
    return await admin.createTopic({ name, partitions, replicationFactor: 1, config })
  } finally {
    await admin.close()
  }
}

/**
 * An earlier command may have been ended while it filled the topic. And where some partitions hold more than others, the
 * end of a run has work for these alone, and its rate is theirs.
 */
async function checkContents (brokers: string, topic: string, events: number): Promise<void> {
  const counts = (await readEnds(kafkaAt(brokers), topic, 'bench')).map(({ low, end }) => end - low)
  const present = counts.reduce((sum, count) => sum + count, 0)
  if (present !== events) throw new Error(`${topic} holds ${present} events: delete it`)
  const fair = events / counts.length
  if (counts.some(count => Math.abs(count - fair) > MOST_DEVIATIONS * Math.sqrt(fair))) throw new Error(`the partitions of ${topic} hold ${counts.join(', ')} events: delete it`)
}

/** By a process for each core: one of them makes some 50,000 events a second. */
async function fill (brokers: string, topic: string, events: number, dry: boolean): Promise<string> {
  const processes = availableParallelism()
  const uids = new UidSum()
  await Promise.all(Array.from({ length: processes }, async (_, index) => {
    const [from, to] = [index, index + 1].map(share => Math.floor(events * share / processes))
    const child = spawn(process.execPath, [FILL, brokers, topic, String(from), String(to), ...dry ? ['dry'] : []], { stdio: ['ignore', 'pipe', 'inherit'] })
    const [fingerprint, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')])
    if (code !== 0) throw new Error(`the topic could not be filled: exit code ${String(code)}`)
    uids.addFingerprint(fingerprint)
  }))
  return uids.fingerprint
}
