import { spawn, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { type PipelineName } from '../../src/service/config/pipelines.js'
import { eventually } from './eventually.js'
import { Samples } from './samples.js'
import { type TestScope } from './stack.js'

const LAUNCHER = fileURLToPath(new URL('../../src/cli/launcher.js', import.meta.url))
/** Two busy cores have been seen to need 10 s for a process that loads everything. */
const START_TIMEOUT_MS = 120_000
const EXIT_TIMEOUT_MS = 120_000
/** What is awaited comes in moments; on a machine that others keep busy, in many. */
const SEES_TIMEOUT_MS = 90_000
const LOG_TAIL_LINES = 25

type Environment = Readonly<Record<string, string>>

/** A line of the service's log. */
export interface LogLine {
  readonly level: string
  readonly message: string
  readonly pid: number
  readonly [field: string]: unknown
}

/**
 * `penstock run` with a pipeline, as a user starts it: the launcher, and below it the process that does the work. Its environment
 * is what the test gives it and nothing of the test's own. Ends with the test, whatever state it is in.
 */
export class TestService {
  readonly exited: Promise<number | null>
  readonly #launcher: ChildProcess
  /** Kills the launcher when our own process is gone, however it ended: the service then drains by itself. */
  readonly #guard: ChildProcess
  #output = ''
  #hasExited = false

  private constructor (environment: Environment, nodeArgs: readonly string[], pipeline: PipelineName) {
    this.#launcher = spawn(process.execPath, [...nodeArgs, LAUNCHER, 'run', pipeline], {
      env: { PATH: process.env.PATH, HOME: process.env.HOME, ...environment },
      stdio: ['ignore', 'pipe', 'pipe']
    })
    this.#guard = spawn('sh', ['-c', 'read -r _; kill -KILL "$0"', String(this.#launcher.pid)], { stdio: ['pipe', 'ignore', 'ignore'], detached: true })
    this.#guard.unref()
    for (const stream of [this.#launcher.stdout, this.#launcher.stderr]) stream?.setEncoding('utf8').on('data', text => { this.#output += text })
    this.exited = new Promise(resolve => {
      // Not `exit`: what it wrote last may still be in the pipe.
      this.#launcher.once('close', code => {
        this.#hasExited = true
        this.#guard.kill('SIGKILL')
        resolve(code)
      })
    })
  }

  /** Starts it and does not wait for anything. `nodeArgs` reach every process and thread of it. */
  static spawn (t: TestScope, environment: Environment, nodeArgs: readonly string[] = [], pipeline: PipelineName = 'events'): TestService {
    const service = new TestService(environment, nodeArgs, pipeline)
    t.teardown(() => service.kill())
    return service
  }

  /** Starts it and waits until its admin port answers. */
  static async start (t: TestScope, environment: Environment, nodeArgs: readonly string[] = [], pipeline: PipelineName = 'events'): Promise<TestService> {
    const service = TestService.spawn(t, environment, nodeArgs, pipeline)
    await service.logged('started', START_TIMEOUT_MS)
    return service
  }

  get hasExited (): boolean {
    return this.#hasExited
  }

  /** All that it wrote, as it wrote it. */
  get output (): string {
    return this.#output
  }

  get log (): LogLine[] {
    return this.#output.split('\n').flatMap(line => {
      try {
        const parsed: unknown = JSON.parse(line)
        return isLogLine(parsed) ? [parsed] : []
      } catch {
        return [] // not the log's, or not whole yet
      }
    })
  }

  /** Waits for a line of the log whose message contains this. */
  async logged (message: string, timeoutMs = SEES_TIMEOUT_MS): Promise<LogLine> {
    return await this.sees(`the service logs "${message}"`, () => this.log.find(line => line.message.includes(message)), timeoutMs)
  }

  /** Waits for a condition while the service runs; what it logged last explains why it did not come. */
  async sees<V> (what: string, look: () => V | Promise<V>, timeoutMs = SEES_TIMEOUT_MS): Promise<Exclude<V, undefined | false>> {
    return await eventually(what, async () => {
      const seen = await look()
      if ((seen === undefined || seen === false) && this.#hasExited) throw new Error(`the service has ended while this was awaited: ${what}\n${this.tail}`)
      return seen
    }, { timeoutMs, state: () => this.tail })
  }

  get tail (): string {
    return this.#output.split('\n').slice(-LOG_TAIL_LINES).join('\n')
  }

  /** 200 or 503, and what it says. */
  async health (path: '/ready' | '/live'): Promise<{ readonly status: number, readonly text: string }> {
    const response = await this.#get(path)
    return { status: response.status, text: await response.text() }
  }

  async becomesReady (timeoutMs = SEES_TIMEOUT_MS): Promise<void> {
    await this.sees('it is ready', async () => (await this.health('/ready')).status === 200, timeoutMs)
  }

  /** Waits until it is not ready for this reason. */
  async becomesUnready (check: string, timeoutMs = SEES_TIMEOUT_MS): Promise<void> {
    await this.sees(`it is not ready: ${check}`, async () => {
      const { status, text } = await this.health('/ready')
      return status === 503 && text.includes(check)
    }, timeoutMs)
  }

  async metrics (): Promise<Samples> {
    return Samples.parse(await (await this.#get('/metrics')).text())
  }

  /** On a connection of its own: one that is kept may be closed by the service just when it is used again. */
  async #get (path: string): Promise<Response> {
    return await fetch(this.#adminUrl + path, { headers: { connection: 'close' } })
  }

  /** Waits until it owns partitions, and returns how many. */
  async ownsPartitions (look: (owned: number) => boolean = owned => owned > 0, timeoutMs = SEES_TIMEOUT_MS): Promise<number> {
    return await this.sees('it owns the partitions it should', async () => {
      const owned = (await this.metrics()).count('penstock_partition_in_flight_records')
      return look(owned) && owned
    }, timeoutMs)
  }

  /** To the launcher, as a supervisor sends it. */
  signal (signal: NodeJS.Signals): void {
    this.#launcher.kill(signal)
  }

  /** SIGTERM; resolves with the exit code. */
  async stop (): Promise<number | null> {
    this.signal('SIGTERM')
    return await this.ends()
  }

  /** Waits for its end; resolves with the exit code. */
  async ends (timeoutMs = EXIT_TIMEOUT_MS): Promise<number | null> {
    await eventually('the service ends', () => this.#hasExited, { timeoutMs, state: () => this.tail })
    return await this.exited
  }

  /** SIGKILL to the process that does the work and to its launcher: nothing of it has a chance to say goodbye. */
  async kill (): Promise<void> {
    if (this.#hasExited) return
    const worker = this.#worker
    this.#launcher.kill('SIGKILL')
    if (worker !== undefined && isRunning(worker)) process.kill(worker, 'SIGKILL')
    await this.exited
  }

  /** SIGSTOP to the process that does the work: it stands still, and nobody hears of it until `thaw`. */
  freeze (): void {
    process.kill(this.#worker ?? NaN, 'SIGSTOP')
  }

  thaw (): void {
    process.kill(this.#worker ?? NaN, 'SIGCONT')
  }

  /** The id of the process that does the work, once it has started. */
  get #worker (): number | undefined {
    return this.log.find(line => line.message === 'started')?.pid
  }

  get #adminUrl (): string {
    const line = this.log.find(({ message }) => message === 'started')
    if (line === undefined) throw new Error(`the service has not started yet\n${this.tail}`)
    return String(line.admin)
  }
}

function isLogLine (parsed: unknown): parsed is LogLine {
  return typeof parsed === 'object' && parsed !== null && 'message' in parsed
}

function isRunning (pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
