import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { runFlags } from '../../src/cli/run-flags.js'
import { childrenOf } from './process-usage.js'
import { type Variant } from './variants.js'

/** What is measured, running. */
export interface Program {
  /** Of the processes that do the work, without their launcher. */
  readonly pids: readonly number[]
  /** ms of `performance.now()` */
  readonly startedAt: number
  /** Rejects when it ends by itself. */
  readonly died: Promise<never>
  /** Drains it; resolves with its exit code. */
  stop (): Promise<number | null>
}

const START_TIMEOUT_MS = 20_000
const LOOK_MS = 20
const LOG_LINES = 15

export async function startProgram (variant: Variant, env: Readonly<Record<string, string>>, logFile: string, nodeFlags: readonly string[] = []): Promise<Program> {
  const log = openSync(logFile, 'w')
  const startedAt = performance.now()
  // The service's launcher gives these flags to its processes by itself.
  const flags = variant.naive ? [...runFlags(), ...nodeFlags] : nodeFlags
  const child = spawn(process.execPath, [...flags, ...variant.command], { env: { ...process.env, ...env, ...variant.env }, stdio: ['ignore', log, log] })
  closeSync(log)
  const exited = once(child, 'exit').then(([code]) => code as number | null)
  const died = exited.then(code => { throw new Error(`${variant.name} ended with ${code}:\n${tail(logFile)}`) })
  died.catch(() => {})
  const pid = child.pid ?? 0
  const processes = Number(variant.env['PROCESSES'] ?? process.env['PROCESSES'] ?? 1)
  return {
    pids: variant.naive ? [pid] : await Promise.race([workersOf(pid, processes), died]),
    startedAt,
    died,
    async stop () {
      child.kill('SIGTERM')
      return await exited
    }
  }
}

/** The launcher also runs short-lived processes: the workers are those that run the program. */
async function workersOf (launcher: number, count: number): Promise<number[]> {
  const deadline = performance.now() + START_TIMEOUT_MS
  while (performance.now() < deadline) {
    const workers = childrenOf(launcher).filter(pid => commandLine(pid).includes('penstock.js'))
    if (workers.length >= count) return workers
    await wait(LOOK_MS)
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
  return readFileSync(file, 'utf8').split('\n').slice(-LOG_LINES).join('\n')
}
