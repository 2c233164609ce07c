import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { runFlags } from '../../src/cli/run-flags.js'
import { type CountingReport } from '../counting-endpoint/tally.js'
import { type Fault } from '../recording-endpoint/faults.js'
import { type Report } from '../recording-endpoint/report.js'

/** An endpoint for DynamoDB and SQS in a process of its own, so that its CPU is not the harness's. */
export interface Sink {
  /** What its clients need to find and to trust it. */
  readonly env: Readonly<Record<string, string>>
  /** `full`: with the arrivals of timed messages. */
  report (full?: boolean): Promise<CountingReport>
  /** Forgets what it has taken. */
  restart (): Promise<void>
  close (): Promise<void>
}

const COUNTING = fileURLToPath(new URL('../counting-endpoint/main.js', import.meta.url))
const RECORDING = fileURLToPath(new URL('../recording-endpoint/main.js', import.meta.url))
const LOOK_MS = 100
const STALL_MS = 60_000

/** Takes everything and costs little. `certificateFile`: speaks TLS and writes there what its clients must trust. */
export async function startCountingSink (delayMs: number, certificateFile?: string): Promise<Sink> {
  const { url, plainUrl, close } = await start(COUNTING, [String(delayMs), ...certificateFile === undefined ? [] : [certificateFile]])
  return {
    env: { AWS_ENDPOINT_URL: url, ...certificateFile === undefined ? {} : { NODE_EXTRA_CA_CERTS: certificateFile } },
    report: async (full = false) => await get<CountingReport>(`${plainUrl}/__report${full ? '?full' : ''}`),
    restart: async () => { await fetch(`${plainUrl}/__restart`, { method: 'POST' }) },
    close
  }
}

/** Fails entries on purpose; reads every one of them for that, so it costs much. Knows no uids of what it counts. */
export async function startRecordingSink (faults: readonly Fault[]): Promise<Sink> {
  const { url, close } = await start(RECORDING, ['0', 'count'])
  const control = async (body: unknown) => { await fetch(`${url}/__control`, { method: 'POST', body: JSON.stringify(body) }) }
  await control({ faults })
  return {
    env: { AWS_ENDPOINT_URL: url },
    report: async () => {
      const { calls, rowsWritten: rows, messagesAccepted: messages, lastAcceptedAt: lastMessageAt } = await get<Report>(`${url}/__report`)
      return { calls, rows, messages, lastMessageAt, bytes: NaN, rowUids: '', messageUids: '', cpuMicros: NaN }
    },
    restart: async () => { await control({ restart: 'count' }) },
    close
  }
}

/** Resolves with the first report that has so many messages. Rejects when no more come for a minute. */
export async function arrived (sink: Sink, messages: number): Promise<CountingReport> {
  let last = { messages: -1, at: 0 }
  for (;;) {
    const report = await sink.report()
    if (report.messages >= messages) return report
    if (report.messages > last.messages) last = { messages: report.messages, at: performance.now() }
    else if (performance.now() - last.at > STALL_MS) throw new Error(`after ${report.messages} of ${messages} messages no more came`)
    await wait(LOOK_MS)
  }
}

async function start (program: string, args: readonly string[]): Promise<{ url: string, plainUrl: string, close: () => Promise<void> }> {
  const child = spawn(process.execPath, [...runFlags(), program, ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
  const [line] = await once(child.stdout, 'data') as [Buffer]
  const { url, plainUrl = url } = JSON.parse(line.toString()) as { url: string, plainUrl?: string }
  return {
    url,
    plainUrl,
    async close () {
      const ended = once(child, 'exit')
      child.stdin.end()
      await ended
    }
  }
}

async function get<T> (url: string): Promise<T> {
  return await (await fetch(url)).json() as T
}
