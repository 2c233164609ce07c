import fastq, { type queueAsPromised } from 'fastq'
import { type Clock } from '../engine/clock.js'
import { type Examiner, type Verdict } from '../engine/examiner.js'
import { poison, type Poison } from '../engine/outcome.js'
import { type SourceRecord } from '../engine/record.js'
import { type ChunkAnswer } from './serve-chunk.js'
import { type Values, valuesOf } from './values.js'
import { type Run, WorkerThreads } from './worker-threads.js'

export interface ValidationPoolOptions<T> {
  /** The worker's module, and what it gets to know. */
  readonly worker: URL
  readonly workerData: unknown
  readonly threads: number
  /** How long a worker may stay at one record of a chunk. */
  readonly timeoutMs: number
  /** The same for a suspect that runs alone. */
  readonly retryTimeoutMs: number
  readonly maxHeapMb?: number
  readonly startTimeoutMs?: number
  readonly patienceMs?: number
  /** Looks at a record's value before it is copied to a worker. Constant time. */
  admit (value: Buffer | null): Poison | undefined
  /** What the worker needs to know of these records beside their values; `ChunkTask.context`. Structured clone takes it. */
  contextOf (records: readonly SourceRecord[], values: Values): unknown
  /** What the worker answered, in order. */
  unpack (answer: ChunkAnswer): Array<Verdict<T>>
  /** See `Examiner`. */
  detach? (payload: T): void
  readonly clock: Clock
}

/**
 * Examines chunks in threads of their own, so that no record can stop or end this process. Chunks wait in line, which
 * is backpressure and never a verdict.
 *
 * Guilt is proven alone: the record at which a run was cut short runs again by itself, with the longer limit. A hang is
 * convicted by one such run, a crash by two. The rest of the chunk runs again; when the suspect was innocent in two
 * halves, until the guilty one is alone.
 */
export class ValidationPool<T> implements Examiner<T> {
  readonly #options: ValidationPoolOptions<T>
  readonly #threads: WorkerThreads
  readonly #line: queueAsPromised<Part, Array<Verdict<T>>>
  #waiting = 0

  constructor (options: ValidationPoolOptions<T>) {
    const { worker, workerData, threads, contextOf, clock, maxHeapMb = 256, startTimeoutMs = 30_000, patienceMs = 10_000 } = options
    this.#options = options
    this.#threads = new WorkerThreads({
      worker, workerData, threads, probe: { values: [], context: contextOf([], []) }, maxHeapMb, startTimeoutMs, patienceMs, clock
    })
    this.#line = fastq.promise(part => {
      this.#waiting--
      return this.#examineTogether(part)
    }, threads)
  }

  /** Why nothing can be examined at present, for readiness; `undefined` when all is well. */
  get problem (): string | undefined {
    return this.#threads.problem
  }

  /** Share of the threads that are at work now, 0 to 1. */
  get utilization (): number {
    return this.#threads.utilization
  }

  /** Time that all threads have spent at work. */
  get busyMs (): number {
    return this.#threads.busyMs
  }

  /** Chunks that wait for a thread. */
  get queueSize (): number {
    return this.#waiting
  }

  /** `values`: those of the records, for a caller that has asked for them already. */
  async examine (chunk: readonly SourceRecord[], values: Values = valuesOf(chunk)): Promise<ReadonlyArray<Verdict<T>>> {
    const refused = values.map(value => this.#options.admit(value))
    if (refused.every(Boolean)) return refused as Poison[]
    if (!refused.some(Boolean)) return await this.#examineInLine({ records: chunk, values })
    const isAdmitted = (_: unknown, index: number): boolean => refused[index] === undefined
    const verdicts = await this.#examineInLine({ records: chunk.filter(isAdmitted), values: values.filter(isAdmitted) })
    let next = 0
    return refused.map(poison => poison ?? verdicts[next++]!)
  }

  detach (payload: T): void {
    this.#options.detach?.(payload)
  }

  /** Kills the threads; what is not examined yet is rejected. */
  async close (): Promise<void> {
    await this.#threads.close()
  }

  async #examineInLine (chunk: Part): Promise<Array<Verdict<T>>> {
    const parts = partsOf(chunk)
    this.#waiting += parts.length
    const verdicts = await Promise.all(parts.map(part => this.#line.push(part)))
    return verdicts.length === 1 ? verdicts[0]! : verdicts.flat()
  }

  async #examineTogether (part: Part): Promise<Array<Verdict<T>>> {
    const { length } = part.records
    if (length === 0) return []
    const run = await this.#run(part, this.#options.timeoutMs)
    if (run.end === 'answer') return this.#options.unpack(run.answer)
    if (run.suspect === undefined) return length === 1 ? [await this.#examineAlone(part)] : await this.#examineInHalves(part)
    const suspect = await this.#examineAlone(slice(part, run.suspect, run.suspect + 1))
    const others = join(slice(part, 0, run.suspect), slice(part, run.suspect + 1, length))
    const verdicts = isConviction(suspect) ? await this.#examineTogether(others) : await this.#examineInHalves(others)
    verdicts.splice(run.suspect, 0, suspect)
    return verdicts
  }

  async #examineInHalves (part: Part): Promise<Array<Verdict<T>>> {
    const { length } = part.records
    const middle = Math.ceil(length / 2)
    const first = await this.#examineTogether(slice(part, 0, middle))
    return [...first, ...await this.#examineTogether(slice(part, middle, length))]
  }

  /** A part of one record. */
  async #examineAlone (suspect: Part): Promise<Verdict<T>> {
    for (let crashes = 0; ;) {
      const run = await this.#run(suspect, this.#options.retryTimeoutMs)
      if (run.end === 'answer') return this.#options.unpack(run.answer)[0]!
      if (run.end === 'timeout') return poison('VALIDATION_TIMEOUT', `no end within ${this.#options.retryTimeoutMs} ms`)
      if (++crashes === CRASHES_TO_CONVICT) return poison('VALIDATION_CRASH', `${crashes} times`)
    }
  }

  async #run ({ records, values }: Part, timeoutMs: number): Promise<Run> {
    return await this.#threads.run({ values, context: this.#options.contextOf(records, values) }, timeoutMs)
  }
}

/** Some records of a chunk, and their values. */
interface Part {
  readonly records: readonly SourceRecord[]
  readonly values: Values
}

function slice ({ records, values }: Part, start: number, end: number): Part {
  return { records: records.slice(start, end), values: values.slice(start, end) }
}

function join (first: Part, second: Part): Part {
  return { records: [...first.records, ...second.records], values: [...first.values, ...second.values] }
}

const CRASHES_TO_CONVICT = 2

/** Bytes of values in one run: what a thread makes of them is some times as large, and in one piece. */
const MAX_RUN_BYTES = 4 * 1024 * 1024

/** Usually one: only large records need more runs. */
function partsOf (chunk: Part): Part[] {
  const { values } = chunk
  const parts: Part[] = []
  let start = 0
  let bytes = 0
  for (let index = 0; index < values.length; index++) {
    bytes += values[index]?.length ?? 0
    if (bytes <= MAX_RUN_BYTES || index === start) continue
    parts.push(slice(chunk, start, index))
    start = index
    bytes = values[index]?.length ?? 0
  }
  parts.push(start === 0 ? chunk : slice(chunk, start, values.length))
  return parts
}

function isConviction (verdict: Verdict<unknown>): boolean {
  return verdict.class === 'poison' && (verdict.code === 'VALIDATION_TIMEOUT' || verdict.code === 'VALIDATION_CRASH')
}
