import { setTimeout as wait } from 'node:timers/promises'
import { type CountingReport } from '../counting-endpoint/tally.js'
import { type Figures } from '../report.js'
import { type Usage, usageOf } from './process-usage.js'
import { type Program } from './program.js'
import { arrived, type Sink } from './sink.js'

interface Sample {
  readonly report: CountingReport
  readonly usage: Usage
}

/** Of the events, before anything is measured: the compiler and the connections warm up. */
const WARM_UP_SHARE = 0.2
const NAIVE_WARM_UP_MS = 4_000
const NAIVE_MS = 12_000

/** From the end of the warm-up to the last message of the topic. */
export async function drain (program: Program, sink: Sink, events: number): Promise<Figures> {
  const before = await sample(program, sink, Math.floor(events * WARM_UP_SHARE))
  const halfway = await sample(program, sink, Math.floor(events / 2))
  const after = await sample(program, sink, events)
  return {
    ...figuresBetween(before, after),
    'RSS peak MB': after.usage.peakRssBytes / 1e6,
    'RSS growth in 2nd half MB': (after.usage.rssBytes - halfway.usage.rssBytes) / 1e6,
    'seconds, from start to last message': (after.report.lastMessageAt - performance.timeOrigin - program.startedAt) / 1000
  }
}

/** So many seconds of a topic that it never gets to the end of. */
export async function watch (program: Program, sink: Sink): Promise<Figures> {
  await arrived(sink, 1)
  await wait(NAIVE_WARM_UP_MS)
  const before = await sample(program, sink, 0)
  await wait(NAIVE_MS)
  const after = await sample(program, sink, 0)
  return { ...figuresBetween(before, after), 'RSS peak MB': after.usage.peakRssBytes / 1e6 }
}

async function sample (program: Program, sink: Sink, messages: number): Promise<Sample> {
  return { report: await arrived(sink, messages), usage: usageOf(program.pids) }
}

function figuresBetween (before: Sample, after: Sample): Figures {
  const since = (figure: (sample: Sample) => number) => figure(after) - figure(before)
  const calls = (...names: readonly string[]) => names.reduce((sum, name) => sum + since(({ report }) => report.calls[name] ?? 0), 0)
  const events = since(({ report }) => report.messages)
  const seconds = since(({ report }) => report.lastMessageAt) / 1000
  const cpuMicros = since(({ usage }) => usage.cpuMicros)
  return {
    'events/s': events / seconds,
    'CPU µs/event': cpuMicros / events,
    'main thread µs/event': since(({ usage }) => usage.mainThreadMicros) / events,
    'cores used': cpuMicros / 1e6 / seconds,
    'main thread waits for a core %': since(({ usage }) => usage.mainThreadWaitMicros) / 1e4 / seconds,
    'rows per write': since(({ report }) => report.rows) / calls('BatchWriteItem', 'PutItem'),
    'messages per send': events / calls('SendMessageBatch', 'SendMessage'),
    'bytes per event, in calls': since(({ report }) => report.bytes) / events,
    'endpoint CPU µs/event': since(({ report }) => report.cpuMicros) / events
  }
}
