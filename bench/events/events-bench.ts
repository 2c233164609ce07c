import { randomBytes } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readEnds } from '../../src/proof/read-ends.js'
import { consumeOnce, NOTHING } from '../consume/consume-once.js'
import { type Figures } from '../report.js'
import { type Measurement, WRONG } from '../scope.js'
import { BROKER_TIME, trickle } from './latency.js'
import { kafkaAt } from './produce.js'
import { profileNotes } from './profile-summary.js'
import { type Program, startProgram } from './program.js'
import { type Sink, startSink } from './sink.js'
import { drain, watch } from './throughput.js'
import { createTopic, type FilledTopic, withFilledTopic } from './topic.js'
import { type Variant } from './variants.js'

export interface EventsBenchOptions {
  readonly variants: readonly Variant[]
  /** 0: no throughput, only latency. */
  readonly events: number
  readonly runs: number
  /** Of the topic: with four clients, a fourth of the message groups. */
  readonly partitions: number
  /** Of a cluster that runs already; one is started without. */
  readonly brokers: string | undefined
  /** Where one is started: see `TopicOptions`. */
  readonly optimizeKafka?: boolean
  /** What each call of the table and the queues takes. */
  readonly sinkDelayMs: number
  readonly tls: boolean
  /** Of the entries that table and queues fail. Each variant then runs undisturbed as well. 0: none. */
  readonly partialFailuresPercent: number
  /** Of the latency measurement, events/s; none leaves it out. */
  readonly latencyRates: readonly number[]
  readonly latencySeconds: number
  readonly profile: boolean
  readonly progress: (line: string) => void
}

/** Throughput alone, and nothing in its way. */
export const UNDISTURBED = {
  partitions: 12, sinkDelayMs: 0, tls: false, partialFailuresPercent: 0, latencyRates: [], latencySeconds: 0, profile: false
} as const satisfies Partial<EventsBenchOptions>

/** One variant, measured once. */
interface Run extends Omit<EventsBenchOptions, 'brokers'>, FilledTopic {
  readonly variant: Variant
  readonly failPercent: number
  /** Unlike that of every other run, in a cluster that serves many commands too. */
  readonly name: string
  readonly notes: string[]
}

/**
 * End to end: a topic that is full already → the service as a user starts it → an endpoint that answers for DynamoDB and
 * SQS. Everything shares this machine's cores, so the rate is what one machine does with all of it; CPU per event is the
 * service's own. Every run goes through all variants, beginning with another one each time, so that a machine that slows
 * down or speeds up favours none.
 */
export async function benchEvents (options: EventsBenchOptions): Promise<Measurement> {
  return await withFilledTopic(options, async filled => {
    const notes = new Set<string>()
    const session = randomBytes(4).toString('hex')
    const variants: Record<string, Figures[]> = options.events === 0 ? {} : { [NOTHING]: [] }
    for (let run = 0; run < options.runs; run++) {
      variants[NOTHING]?.push(consumeOnce(NOTHING, { ...filled, events: options.events }))
      const combinations = combinationsOf(options)
      for (let place = 0; place < combinations.length; place++) {
        const { variant, failPercent, label } = combinations[(place + run) % combinations.length]!
        options.progress(`run ${run + 1} of ${options.runs}: ${label}`)
        const ownNotes: string[] = []
        const figures = await runOnce({ ...options, ...filled, variant, failPercent, notes: ownNotes, name: `${session}-${variant.name}-${failPercent}-${run}` });
        (variants[label] ??= []).push(figures)
        for (const note of ownNotes) notes.add(`${label}, run ${run + 1}: ${note}`)
      }
    }
    return { variants, setting: settingOf(options), notes: [...notes, ...notesOf(options)] }
  })
}

function combinationsOf ({ variants, partialFailuresPercent: percent }: EventsBenchOptions) {
  return variants.flatMap(variant => [
    { variant, failPercent: 0, label: variant.name },
    ...percent === 0 ? [] : [{ variant, failPercent: percent, label: `${variant.name}, ${percent} % failing` }]
  ])
}

async function runOnce (run: Run): Promise<Figures> {
  const { sinkDelayMs, failPercent, tls, dir } = run
  const sink = await startSink({ delayMs: sinkDelayMs, failShare: failPercent / 100, certificateFile: tls ? join(dir, 'certificate.pem') : undefined })
  try {
    return { ...run.events === 0 ? {} : await measureThroughput(run, sink), ...run.latencyRates.length === 0 || run.variant.naive ? {} : await measureLatency(run, sink) }
  } finally {
    await sink.close()
  }
}

async function measureThroughput (run: Run, sink: Sink): Promise<Figures> {
  return await measure(run, sink, run.topic, async program => {
    if (run.variant.naive) return await watch(program, sink)
    const figures = await drain(program, sink, run.events)
    await checkUids(run, sink)
    return figures
  })
}

async function measureLatency (run: Run, sink: Sink): Promise<Figures> {
  const topic = `bench-latency-${run.name}`
  await createTopic(run.brokers, topic, run.partitions, BROKER_TIME)
  return await measure({ ...run, profile: false }, sink, topic, async program =>
    await trickle(program, sink, { ...run, topic, rates: run.latencyRates, seconds: run.latencySeconds }))
}

async function measure (run: Run, sink: Sink, topic: string, body: (program: Program) => Promise<Figures>): Promise<Figures> {
  const profiles = run.profile ? mkdtempSync(join(tmpdir(), 'penstock-profile-')) : ''
  const groupId = `bench-${run.name}`
  const env = {
    KAFKA_BROKERS: run.brokers,
    KAFKA_GROUP_ID: groupId,
    EVENTS_TOPIC: topic,
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'bench',
    AWS_SECRET_ACCESS_KEY: 'bench',
    ADMIN_PORT: '0',
    ...sink.env
  }
  const program = await startProgram(run.variant, env, join(run.dir, `${topic}-${run.name}.log`), run.profile ? ['--cpu-prof', '--cpu-prof-dir', profiles] : [])
  try {
    return await Promise.race([body(program), program.died])
  } finally {
    const code = await program.stop()
    if (code !== 0) run.notes.push(`${WRONG}: it ended with exit code ${code}`)
    else if (!run.variant.naive) await checkCommits(run, topic, groupId)
    if (run.profile) run.notes.push(...profileNotes(profiles, program.pids[0] ?? 0))
  }
}

/** Every event of the topic has come once, as row and as message. */
async function checkUids ({ notes, fingerprint, events }: Run, sink: Sink): Promise<void> {
  const { rows, messages, rowUids, messageUids } = await sink.report()
  for (const [what, count, uids] of [['rows', rows, rowUids], ['messages', messages, messageUids]] as const) {
    if (count !== events) notes.push(`${count < events ? `${WRONG}: ` : ''}${count} ${what} of ${events} events`)
    else if (uids !== fingerprint) notes.push(`${WRONG}: ${what} are as many as events, and not of the same uids`)
  }
}

async function checkCommits ({ brokers, notes }: Run, topic: string, groupId: string): Promise<void> {
  const behind = (await readEnds(kafkaAt(brokers), topic, groupId)).filter(({ low, end, committed }) => (committed ?? low) !== end)
  if (behind.length > 0) notes.push(`${WRONG}: not committed to the end: partitions ${behind.map(({ partition }) => partition).join(', ')}`)
}

/** None for the plain case. */
function settingOf ({ sinkDelayMs, tls, partialFailuresPercent, partitions }: EventsBenchOptions): string {
  return [
    tls ? 'tls' : 'plain',
    `${sinkDelayMs}ms`,
    ...partialFailuresPercent === 0 ? [] : [`${partialFailuresPercent}-percent-failing`],
    ...partitions === UNDISTURBED.partitions ? [] : [`${partitions}-partitions`]
  ].join('-')
}

function notesOf ({ variants }: EventsBenchOptions): string[] {
  return variants.some(variant => variant.naive) ? ['`naive` never gets to the end: it is watched for some seconds, and not checked.'] : []
}
