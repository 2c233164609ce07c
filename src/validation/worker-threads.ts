import { Piscina } from 'piscina'
import { type Clock, type Timer } from '../engine/clock.js'
import { AppError, describeError } from '../errors.js'
import { packValues } from './packing.js'
import { ProgressWatch } from './progress-watch.js'
import { type ChunkAnswer, type ChunkTask } from './serve-chunk.js'
import { type Values } from './values.js'

export interface WorkerThreadsOptions {
  /** The worker's module: its default export serves a `ChunkTask`. */
  readonly worker: URL
  readonly workerData: unknown
  readonly threads: number
  /** What shows that a thread works: examined before anything else. */
  readonly probe: Work
  /** Heap of one thread; beyond it the thread dies, and the process does not. */
  readonly maxHeapMb: number
  /** A thread that takes longer to load counts as one that does not start. */
  readonly startTimeoutMs: number
  /** How long a chunk waits for threads that do not start. */
  readonly patienceMs: number
  readonly clock: Clock
}

/** What a run is to examine. */
export interface Work {
  readonly values: Values
  /** `ChunkTask.context` */
  readonly context: unknown
}

/**
 * How a run ended. A run that was cut short names the value the worker was at, if it was at one, which makes that value
 * a suspect and no more: it may have been another's late throw, or the sum of all values that did not fit into memory.
 */
export type Run =
  | { readonly end: 'answer', readonly answer: ChunkAnswer }
  | { readonly end: 'timeout' | 'crash', readonly suspect: number | undefined, readonly detail: string }

/** The thread died or hung before the first value. */
interface NotBegun {
  readonly end: 'not begun'
  readonly detail: string
}

/**
 * Threads that run chunks, are killed when they hang, and are replaced. At most `threads` runs at a time: then none
 * waits inside Piscina, and a run that has not begun only waits for its thread to load.
 *
 * A run that ends before it has begun is nobody's fault: it begins again once threads start, and is given up with
 * `VALIDATION_UNAVAILABLE` when they do not for `patienceMs`. One probe at a time, with growing pauses, finds that out.
 */
export class WorkerThreads {
  readonly #options: WorkerThreadsOptions
  readonly #watch: ProgressWatch
  readonly #running = new Set<RunningTask>()
  #pool: Piscina
  #endPause: () => void = () => {}
  /** Pending while it is not known whether threads start. */
  #starting: Promise<void> | undefined
  #problem: string | undefined = 'the validation threads are starting'
  #busyMs = 0
  #closed = false

  constructor (options: WorkerThreadsOptions) {
    this.#options = options
    this.#watch = new ProgressWatch(options.clock, TICK_MS)
    this.#pool = this.#createPool()
    this.#start()
  }

  /** Why nothing can be examined at present, for readiness; `undefined` when all is well. */
  get problem (): string | undefined {
    return this.#problem
  }

  /** Share of the threads that are at work now, 0 to 1. */
  get utilization (): number {
    return this.#running.size / this.#options.threads
  }

  /** Time that all threads have spent in runs. */
  get busyMs (): number {
    return this.#busyMs
  }

  async run (work: Work, timeoutMs: number): Promise<Run> {
    for (let starts = 0; starts < MAX_STARTS; starts++) {
      if (this.#starting !== undefined) await this.#waitForStart(this.#starting)
      if (this.#closed) throw closedError()
      const run = await this.#runOnce(work, timeoutMs)
      if (run.end !== 'not begun') return run
      this.#start()
    }
    throw new AppError('VALIDATION_UNAVAILABLE', this.#problem)
  }

  async close (): Promise<void> {
    this.#closed = true
    this.#endPause()
    this.#watch.close()
    for (const task of this.#running) task.abort('closed')
    await this.#pool.destroy()
  }

  async #runOnce ({ values, context }: Work, timeoutMs: number): Promise<Run | NotBegun> {
    const task = new RunningTask(timeoutMs, this.#options.startTimeoutMs)
    const packed = packValues(values)
    const startedAt = this.#options.clock.now()
    this.#running.add(task)
    this.#watch.add(task)
    try {
      const answer: ChunkAnswer = await this.#pool.run({ packed, context, progress: task.progress } satisfies ChunkTask, { transferList: [packed], signal: task.signal })
      return { end: 'answer', answer }
    } catch (reason) {
      if (this.#closed) throw closedError()
      const position = task.position()
      const detail = describeError(task.expired ? 'no progress' : reason)
      if (position === 0) return { end: 'not begun', detail }
      return { end: task.expired ? 'timeout' : 'crash', suspect: position <= values.length ? position - 1 : undefined, detail }
    } finally {
      this.#watch.remove(task)
      this.#running.delete(task)
      this.#busyMs += this.#options.clock.now() - startedAt
    }
  }

  /** Sends probes until one comes back; runs wait meanwhile. */
  #start (): void {
    this.#starting ??= this.#probe()
  }

  async #probe (): Promise<void> {
    for (let pauseMs = FIRST_PAUSE_MS; !this.#closed; pauseMs = Math.min(MAX_PAUSE_MS, 2 * pauseMs)) {
      await this.#renewPool()
      // `#starting` is set, so a probe that does not begin does not start another.
      const failure = await this.#runOnce(this.#options.probe, this.#options.startTimeoutMs)
        .then(run => run.end === 'answer' ? undefined : run.detail, describeError)
      if (failure === undefined) {
        this.#problem = undefined
        this.#starting = undefined
        return
      }
      this.#problem = `no validation thread starts: ${failure}`
      await this.#pause(pauseMs)
    }
  }

  async #pause (forMs: number): Promise<void> {
    let timer: Timer | undefined
    await new Promise<void>(resolve => {
      this.#endPause = resolve
      timer = this.#options.clock.setTimer(resolve, forMs)
    })
    timer?.clear()
  }

  async #waitForStart (starting: Promise<void>): Promise<void> {
    let timer: Timer | undefined
    const patience = new Promise<'given up'>(resolve => {
      timer = this.#options.clock.setTimer(() => resolve('given up'), this.#options.patienceMs)
    })
    const first = await Promise.race([starting, patience])
    timer?.clear()
    if (first === 'given up') throw new AppError('VALIDATION_UNAVAILABLE', this.#problem)
  }

  /** Piscina starts no new threads after one has died while it loaded: only a new pool does. */
  async #renewPool (): Promise<void> {
    if (this.#pool.threads.length > 0) return
    await this.#pool.destroy()
    if (!this.#closed) this.#pool = this.#createPool()
  }

  #createPool (): Piscina {
    const { worker, workerData, threads, maxHeapMb } = this.#options
    const pool = new Piscina({
      filename: worker.href,
      workerData,
      minThreads: threads,
      maxThreads: threads,
      maxQueue: threads,
      concurrentTasksPerWorker: 1,
      // A thread that sleeps in `Atomics.wait` between tasks can miss its own end after a late throw, and stays for ever.
      atomics: 'disabled',
      idleTimeout: Infinity,
      recordTiming: false,
      resourceLimits: { maxOldGenerationSizeMb: maxHeapMb }
    })
    // Emitted for a thread that dies without a task; `workerDestroy` follows it.
    pool.on('error', () => {})
    pool.on('workerDestroy', () => setImmediate(() => this.#failWhenDeserted(pool)))
    return pool
  }

  /** Piscina leaves tasks waiting for ever when its last thread has died while it loaded. */
  #failWhenDeserted (pool: Piscina): void {
    if (this.#closed || pool !== this.#pool || pool.threads.length > 0) return
    for (const task of this.#running) task.abort('the thread died while it loaded')
    this.#start()
  }
}

class RunningTask {
  readonly progress = new SharedArrayBuffer(4)
  readonly stallLimitMs: number
  readonly startLimitMs: number
  readonly #view = new Int32Array(this.progress)
  readonly #controller = new AbortController()
  expired = false

  constructor (stallLimitMs: number, startLimitMs: number) {
    this.stallLimitMs = stallLimitMs
    this.startLimitMs = startLimitMs
  }

  get signal (): AbortSignal {
    return this.#controller.signal
  }

  position (): number {
    return Atomics.load(this.#view, 0)
  }

  expire (): void {
    this.expired = true
    this.abort('no progress')
  }

  abort (reason: string): void {
    this.#controller.abort(reason)
  }
}

function closedError (): AppError {
  return new AppError('ABORTED', 'the validation pool is closed')
}

const TICK_MS = 25
const MAX_STARTS = 5
const FIRST_PAUSE_MS = 100
const MAX_PAUSE_MS = 5_000
