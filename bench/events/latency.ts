import { generateRecord, type GeneratedRecord } from '../../src/generator/event-generator.js'
import { readTopic } from '../../src/proof/read-topic.js'
import { type Figures } from '../report.js'
import { usageOf } from './process-usage.js'
import { kafkaAt, produce, VALID } from './produce.js'
import { type Program } from './program.js'
import { arrived, type Sink } from './sink.js'

export interface LatencyOptions {
  readonly brokers: string
  /** Its records carry the time at which the broker took them. */
  readonly topic: string
  /** Events a second, one after the other. */
  readonly rates: readonly number[]
  readonly seconds: number
  readonly progress: (line: string) => void
}

/** What a topic needs for it. */
export const BROKER_TIME = { 'message.timestamp.type': 'LogAppendTime' }

const WARM_UP_EVENTS = 5_000
const WARM_UP_RATE = 1_000

/**
 * What a single event waits for at rates that leave the service room: from the broker's timestamp, a whole ms that is
 * rounded down, to the arrival of its message at the endpoint. All on this machine, by one clock.
 */
export async function trickle (program: Program, sink: Sink, options: LatencyOptions): Promise<Figures> {
  const { rates, seconds, progress } = options
  await send(sink, options, 'warm-up', WARM_UP_EVENTS, WARM_UP_RATE)
  const figures: Record<string, number> = {}
  for (const rate of rates) {
    progress(`  ${rate} events/s for ${seconds} s`)
    const events = rate * seconds
    const before = usageOf(program.pids)
    const arrivals = await send(sink, options, `at-${rate}`, events, rate)
    const after = usageOf(program.pids)
    const latencies = await latenciesOf(options, `at-${rate}-`, arrivals)
    figures[`p50 ms at ${rate}/s`] = quantile(latencies, 0.5)
    figures[`p99 ms at ${rate}/s`] = quantile(latencies, 0.99)
    figures[`CPU µs/event at ${rate}/s`] = (after.cpuMicros - before.cpuMicros) / events
  }
  return figures
}

/** Resolves with the arrivals, by uid, once all have arrived. */
async function send (sink: Sink, { brokers, topic }: LatencyOptions, name: string, events: number, perSecond: number): Promise<Readonly<Record<string, number>>> {
  await sink.restart()
  await produce({ brokers, topic, events, perSecond, make: index => named(generateRecord(VALID, index), `${name}-${index}`) })
  await arrived(sink, events)
  const { arrivals = {} } = await sink.report(true)
  return arrivals
}

function named (record: GeneratedRecord, uid: string): GeneratedRecord {
  const event = JSON.parse(String(record.value)) as Record<string, string>
  return { ...record, value: Buffer.from(JSON.stringify({ ...event, uid })) }
}

async function latenciesOf ({ brokers, topic }: LatencyOptions, prefix: string, arrivals: Readonly<Record<string, number>>): Promise<Float64Array> {
  const latencies: number[] = []
  await readTopic(kafkaAt(brokers), topic, ({ value, timestamp }) => {
    const { uid } = JSON.parse(String(value)) as { uid: string }
    if (uid.startsWith(prefix)) latencies.push((arrivals[uid] ?? NaN) - timestamp)
  })
  return Float64Array.from(latencies).sort()
}

/** Of sorted values. */
function quantile (sorted: Float64Array, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN
}
