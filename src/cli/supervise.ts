import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { type PipelineConfig } from '../service/config/load-config.js'
import { EXIT } from './exit-codes.js'
import { runFlags, runVariables } from './run-flags.js'

const PROGRAM = fileURLToPath(new URL('./penstock.js', import.meta.url))
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const
/** Beyond the grace and its watchdog in the child: only a process that can not end by itself is still there then. */
const KILL_MARGIN_MS = 10_000
/** A process that got the second signal has this long. */
const SECOND_SIGNAL_MS = 5_000
/** A process that has said its exit code has nothing left to do, but native code may still hold it. */
const ANNOUNCED_MS = 1_000

/**
 * Runs the processes of `penstock run`: Node with flags and variables that can only be set before it starts. Signals
 * are passed on; when one process ends, the others are drained too, and whoever started the launcher decides about a
 * restart. Resolves with the exit code: that of the first process that did not end well.
 *
 * The processes are in groups of their own, so that Ctrl-C reaches each of them once, from here. When the launcher is
 * killed, its channel to them closes, and they drain.
 */
export async function supervise (args: readonly string[], config: PipelineConfig): Promise<number> {
  const { processes, threadPoolSize } = config.process
  const flags = [...process.execArgv, ...runFlags()]
  const children = Array.from({ length: processes }, (_, index) =>
    new Child(flags, args, { ...process.env, ...runVariables(config), ...childEnvironment(config, index, threadPoolSize) }, config.flow.shutdownGraceMs + KILL_MARGIN_MS))
  for (const signal of SIGNALS) process.on(signal, () => { for (const child of children) child.signal(signal) })

  const codes: number[] = []
  await Promise.all(children.map(async child => {
    codes.push(await child.ended)
    for (const other of children) if (!other.signalled) other.signal('SIGTERM')
  }))
  return codes.find(code => code !== EXIT.ok) ?? EXIT.ok
}

/** What differs between the processes of one launcher: the member of the group, and the ports. */
export function childEnvironment (config: PipelineConfig, index: number, threadPoolSize: number): Record<string, string> {
  const { kafka, service, process: { processes } } = config
  const env: Record<string, string> = { UV_THREADPOOL_SIZE: String(threadPoolSize) }
  if (processes === 1) return env
  if (kafka.groupInstanceId !== undefined) env.KAFKA_GROUP_INSTANCE_ID = `${kafka.groupInstanceId}-${index}`
  if (service.adminPort !== 0) env.ADMIN_PORT = String(service.adminPort + index)
  if ('ingest' in config && config.ingest.port !== 0) env.INGEST_PORT = String(config.ingest.port + index)
  return env
}

class Child {
  readonly ended: Promise<number>
  signalled = false
  readonly #process: ChildProcess
  readonly #killAfterMs: number
  /** The code it said it would exit with. */
  #announced: number | undefined

  constructor (flags: readonly string[], args: readonly string[], env: NodeJS.ProcessEnv, killAfterMs: number) {
    this.#killAfterMs = killAfterMs
    this.#process = spawn(process.execPath, [...flags, PROGRAM, ...args], {
      env,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      detached: true
    })
    this.#process.on('message', message => {
      if (typeof message !== 'object' || !('exiting' in message) || typeof message.exiting !== 'number') return
      this.#announced = message.exiting
      this.#killIn(ANNOUNCED_MS)
    })
    this.ended = new Promise(resolve => {
      this.#process.on('error', () => resolve(EXIT.failure))
      this.#process.on('exit', code => resolve(this.#announced ?? code ?? (this.signalled ? EXIT.cut : EXIT.failure)))
    })
  }

  signal (signal: NodeJS.Signals): void {
    this.#killIn(this.signalled ? SECOND_SIGNAL_MS : this.#killAfterMs)
    this.signalled = true
    this.#process.kill(signal)
  }

  #killIn (delayMs: number): void {
    setTimeout(() => { this.#process.kill('SIGKILL') }, delayMs).unref()
  }
}
