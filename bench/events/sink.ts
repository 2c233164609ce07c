import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { runFlags } from '../../src/cli/run-flags.js'
import { type CountingReport } from '../counting-endpoint/tally.js'

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

const ENDPOINT = fileURLToPath(new URL('../counting-endpoint/main.js', import.meta.url))
const LOOK_MS = 100
const STALL_MS = 60_000

export interface SinkOptions {
  /** What each call takes. */
  readonly delayMs: number
  /** Of the entries, 0 to 1: they fail and come again. */
  readonly failShare: number
  /** Speaks TLS, and writes there what its clients must trust. */
  readonly certificateFile?: string | undefined
}

export async function startSink ({ delayMs, failShare, certificateFile }: SinkOptions): Promise<Sink> {
  const { url, plainUrl, close } = await start([String(delayMs), String(failShare), ...certificateFile === undefined ? [] : [certificateFile]])
  return {
    env: { AWS_ENDPOINT_URL: url, ...certificateFile === undefined ? {} : { NODE_EXTRA_CA_CERTS: certificateFile } },
    report: async (full = false) => await get<CountingReport>(`${plainUrl}/__report${full ? '?full' : ''}`),
    restart: async () => { await fetch(`${plainUrl}/__restart`, { method: 'POST' }) },
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

async function start (args: readonly string[]): Promise<{ url: string, plainUrl: string, close: () => Promise<void> }> {
  const child = spawn(process.execPath, [...runFlags(), ENDPOINT, ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
  const [line] = await once(child.stdout, 'data') as [Buffer]
  const { url, plainUrl } = JSON.parse(line.toString()) as { url: string, plainUrl: string }
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
