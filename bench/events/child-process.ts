import { type ChildProcess, spawn } from 'node:child_process'
import { openSync, readFileSync } from 'node:fs'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { type Control, type RecordingEndpoint } from '../recording-endpoint/recording-endpoint.js'
import { type Report } from '../recording-endpoint/report.js'
import { childrenOf } from './process-usage.js'

const ENDPOINT = fileURLToPath(new URL('../recording-endpoint/main.js', import.meta.url))
const LAUNCHER = fileURLToPath(new URL('../../src/cli/launcher.js', import.meta.url))
const START_TIMEOUT_MS = 20_000

/** The recording endpoint in a process of its own, so that its CPU is not the harness's. */
export interface EndpointProcess {
  readonly url: string
  report (): Promise<Report>
  control (control: Control): Promise<void>
  close (): Promise<void>
}

export async function startEndpointProcess (mode: RecordingEndpoint['recorder']['mode']): Promise<EndpointProcess> {
  const child = spawn(process.execPath, [ENDPOINT, '0', mode], { stdio: ['pipe', 'pipe', 'inherit'] })
  const [line] = await once(child.stdout, 'data') as [Buffer]
  const { url } = JSON.parse(line.toString()) as { url: string }
  return {
    url,
    report: async () => await (await fetch(`${url}/__report`)).json() as Report,
    async control (control) {
      await fetch(`${url}/__control`, { method: 'POST', body: JSON.stringify(control) })
    },
    async close () {
      const ended = once(child, 'exit')
      child.stdin.end()
      await ended
    }
  }
}

/** `penstock run events` as a user starts it. */
export interface ServiceProcess {
  /** Of the process that does the work, not of its launcher. */
  readonly pid: number
  /** Drains it; resolves with its exit code. */
  stop (): Promise<number | null>
  /** Rejects when it ends by itself. */
  readonly died: Promise<never>
}

export async function startService (env: Readonly<Record<string, string>>, logFile: string, nodeFlags: readonly string[] = []): Promise<ServiceProcess> {
  const log = openSync(logFile, 'w')
  const child = spawn(process.execPath, [...nodeFlags, LAUNCHER, 'run', 'events'], { env: { ...process.env, ...env }, stdio: ['ignore', log, log] })
  const exited = once(child, 'exit').then(([code]) => code as number | null)
  const died = exited.then(code => { throw new Error(`the service ended with ${code}:\n${tail(logFile)}`) })
  died.catch(() => {})
  return {
    pid: await Promise.race([workerOf(child), died]),
    died,
    stop: async () => {
      child.kill('SIGTERM')
      return await exited
    }
  }
}

async function workerOf (launcher: ChildProcess): Promise<number> {
  const deadline = performance.now() + START_TIMEOUT_MS
  while (performance.now() < deadline) {
    // The launcher also runs short-lived processes: the worker is the one that runs the program.
    const worker = childrenOf(launcher.pid ?? 0).find(pid => commandLine(pid).includes('penstock.js'))
    if (worker !== undefined) return worker
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  throw new Error('the launcher started no process')
}

function commandLine (pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}

function tail (file: string): string {
  return readFileSync(file, 'utf8').split('\n').slice(-15).join('\n')
}
