import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, mkdirSync, openSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { describeError } from '../errors.js'
import { ServerStartError, readLogTail } from './server-start-error.js'

/** What a caller may do with any server of the stack, whatever it speaks. */
export interface LocalServer {
  readonly name: string
  readonly logFile: string
  /** The process id while it runs. */
  readonly pid: number | undefined
  /** Starts it, with the ports and the data it had before, and waits until it answers. Throws ServerStartError. */
  start (): Promise<void>
  /** SIGTERM, and SIGKILL when it takes too long. Resolves when the process is gone; does nothing when it does not run. */
  stop (): Promise<void>
  /** SIGKILL. Resolves when the process is gone. */
  kill (): Promise<void>
}

export interface ChildServerOptions extends ServerLifetimeOptions {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  readonly logFile: string
  /** Runs before each start: writes configuration, makes folders. */
  readonly prepare?: () => Promise<void>
  /** Resolves when the server does its work; throws while it does not yet. Called again and again. */
  readonly probe: (signal: AbortSignal) => Promise<void>
  readonly startTimeoutMs?: number
  readonly stopTimeoutMs?: number
}

export interface ServerLifetimeOptions {
  /**
   * `guarded` (default): the server dies with this process, however this process dies.
   * `detached`: it outlives this process.
   */
  readonly lifetime?: 'guarded' | 'detached' | undefined
  /** Called as soon as the process exists, long before it is ready. */
  readonly onSpawn?: ((pid: number) => void) | undefined
}

/** A JVM on a machine with two busy cores has been seen to need 20 s. */
const START_TIMEOUT_MS = 90_000
const STOP_TIMEOUT_MS = 15_000
const PROBE_INTERVAL_MS = 50
const PROBE_TIMEOUT_MS = 5_000

/**
 * Becomes the server by `exec`, and leaves a guard behind: a shell that waits on a pipe whose other end only our
 * process holds. When our process ends, even by SIGKILL, the kernel closes the pipe and the guard kills the group. The
 * guard is a member of that group, so the number can not have been given to strangers meanwhile.
 */
const GUARDED_EXEC = `
exec 3<&0 </dev/null
( trap '' HUP INT TERM; read -r _ <&3; kill -KILL -$$ ) >/dev/null 2>&1 &
exec "$@" 3<&-
`

/**
 * One server process, in a process group of its own, so that Ctrl-C in the terminal reaches us and not it: we decide the
 * order of a shutdown. Its output is appended to the log file.
 */
export class ChildServer implements LocalServer {
  readonly name: string
  readonly logFile: string
  readonly #options: ChildServerOptions
  #child: RunningChild | undefined

  constructor (options: ChildServerOptions) {
    this.name = options.name
    this.logFile = options.logFile
    this.#options = options
  }

  get pid (): number | undefined {
    return this.#running?.pid
  }

  get #running (): RunningChild | undefined {
    return this.#child?.end === undefined ? this.#child : undefined
  }

  async start (): Promise<void> {
    if (this.#running !== undefined) throw new Error(`${this.name} runs already`)
    await this.#options.prepare?.()
    mkdirSync(dirname(this.logFile), { recursive: true })
    const logStart = statSync(this.logFile, { throwIfNoEntry: false })?.size ?? 0
    const child = launch(this.#options)
    this.#child = child
    if (!Number.isNaN(child.pid)) this.#options.onSpawn?.(child.pid)
    const failure = await this.#untilReady(child)
    if (failure === undefined) {
      holdProcess(child, 'unref')
      return
    }
    await this.kill()
    throw new ServerStartError(this.name, failure, this.logFile, await readLogTail(this.logFile, logStart))
  }

  async stop (): Promise<void> {
    const child = this.#running
    if (child === undefined) return
    holdProcess(child, 'ref')
    signalProcess(child.pid, 'SIGTERM')
    const timeout = new AbortController()
    const timeoutMs = this.#options.stopTimeoutMs ?? STOP_TIMEOUT_MS
    await Promise.race([child.exited, delay(timeoutMs, undefined, { signal: timeout.signal }).catch(() => undefined)])
    timeout.abort()
    await this.kill()
  }

  async kill (): Promise<void> {
    const child = this.#running
    if (child === undefined) return
    holdProcess(child, 'ref')
    signalProcess(-child.pid, 'SIGKILL')
    await child.exited
  }

  /** Why it is not ready, or undefined when it is. */
  async #untilReady (child: RunningChild): Promise<string | undefined> {
    const { probe, startTimeoutMs = START_TIMEOUT_MS } = this.#options
    const deadline = performance.now() + startTimeoutMs
    let lastRefusal = 'it was never asked'
    while (performance.now() < deadline) {
      const answer = await Promise.race([
        child.exited,
        probe(AbortSignal.timeout(PROBE_TIMEOUT_MS)).then(() => READY, describeError)
      ])
      if (answer === READY) return child.end === undefined ? undefined : child.end
      if (child.end !== undefined) return child.end
      lastRefusal = answer
      await Promise.race([child.exited, delay(PROBE_INTERVAL_MS)])
    }
    return `not ready after ${Math.round(startTimeoutMs / 1000)} s (${lastRefusal})`
  }
}

const READY = 'ready'

interface RunningChild {
  readonly process: ChildProcess
  readonly pid: number
  /** Resolves with how it ended, when it has. */
  readonly exited: Promise<string>
  end: string | undefined
}

function launch ({ name, command, args, logFile, lifetime = 'guarded' }: ChildServerOptions): RunningChild {
  const log = openSync(logFile, 'a')
  const child = lifetime === 'guarded'
    ? spawn('sh', ['-c', GUARDED_EXEC, name, command, ...args], { detached: true, stdio: ['pipe', log, log] })
    : spawn(command, args, { detached: true, stdio: ['ignore', log, log] })
  closeSync(log)
  const pid = child.pid ?? NO_PROCESS
  let resolve: (end: string) => void = () => {}
  const exited = new Promise<string>(_resolve => { resolve = _resolve })
  const running: RunningChild = { process: child, pid, exited, end: undefined }
  const ended = (end: string) => {
    running.end = end
    if (lifetime === 'guarded') signalProcess(-pid, 'SIGKILL') // the guard, which waits for our own end
    resolve(end)
  }
  child.once('error', error => ended(error.message))
  child.once('exit', (code, signal) => ended(signal === null ? `it ended with exit code ${code}` : `it was ended by ${signal}`))
  return running
}

/** A running server does not keep our process from ending (its guard ends it then); a wait for its end does. */
function holdProcess ({ process, end }: RunningChild, how: 'ref' | 'unref'): void {
  if (end === undefined) process[how]()
}

/** `kill(2)` takes 0 and −1 for "everybody": a process that never came to be must get neither. */
const NO_PROCESS = Number.NaN

function signalProcess (target: number, signal: NodeJS.Signals): void {
  if (Number.isNaN(target)) return
  try {
    process.kill(target, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
