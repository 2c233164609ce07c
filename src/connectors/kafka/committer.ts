import { type KafkaConsumer, type LibrdKafkaError } from 'node-rdkafka'
import { type Clock, type Timer } from '../../engine/clock.js'
import { type CommittableOffset, type Intake, type TopicPartition } from '../../engine/intake.js'
import { type Observer } from '../../engine/observer.js'
import { type KafkaLog } from './kafka-log.js'

const ANSWER_TIMEOUT_MS = 10_000

interface CommitterOptions {
  readonly commitIntervalMs: number
  readonly commitEveryRecords: number
  readonly clock: Clock
  readonly observer: Observer
  readonly log: KafkaLog
}

/** An offset as librdkafka's answer names it. */
type AnsweredOffset = CommittableOffset & { readonly error?: unknown }

interface Pending {
  readonly startedAt: number
  readonly offsets: readonly CommittableOffset[]
  answered (error: Error | undefined): void
}

/**
 * Commits watermarks, one request at a time, and hears the broker's answer to each. What is committed is asked of the
 * intake in the same step as the request leaves, so it is never an offset of a closed epoch. A failed commit is not
 * repeated as it was: the next one carries the newest safe offsets.
 */
export class Committer {
  readonly #consumer: Pick<KafkaConsumer, 'commit'>
  readonly #intake: Pick<Intake, 'committable' | 'committed' | 'settledTotal'>
  readonly #options: CommitterOptions
  #pending: Pending | undefined
  #lastAt: number
  #lastSettled = 0
  #released: (() => void) | undefined
  #failures = 0
  #closed = false

  constructor (consumer: Pick<KafkaConsumer, 'commit'>, intake: Pick<Intake, 'committable' | 'committed' | 'settledTotal'>, options: CommitterOptions) {
    this.#consumer = consumer
    this.#intake = intake
    this.#options = options
    this.#lastAt = options.clock.now()
  }

  /** Called after every poll: commits when the interval is over or enough is settled. */
  consider (): void {
    if (this.#closed || this.#pending !== undefined) return
    const now = this.#options.clock.now()
    const settled = this.#intake.settledTotal
    if (now - this.#lastAt < this.#options.commitIntervalMs && settled - this.#lastSettled < this.#options.commitEveryRecords) return
    const offsets = this.#intake.committable()
    this.#lastAt = now
    this.#lastSettled = settled
    if (offsets.length > 0) void this.#send(offsets, ANSWER_TIMEOUT_MS)
  }

  /** Commits these partitions' watermarks now and awaits the answer; tries again until it is there or time is up. */
  async commit (partitions: readonly TopicPartition[] | undefined, timeoutMs: number): Promise<boolean> {
    const deadline = this.#options.clock.now() + timeoutMs
    for (;;) {
      await this.#settled()
      const offsets = this.#intake.committable(partitions)
      if (offsets.length === 0) return true
      const left = deadline - this.#options.clock.now()
      if (left <= 0) return false
      if (!await this.#send(offsets, left)) await this.#wait(Math.min(100, left))
    }
  }

  /** A last confirmed commit of everything; none after it. */
  async close (timeoutMs: number): Promise<boolean> {
    const committed = await this.commit(undefined, timeoutMs)
    this.#closed = true
    return committed
  }

  /**
   * librdkafka's answer. One that confirms other offsets than those under way is late, to a request that was given up,
   * and confirms nothing; a failure counts in any case, since the next commit only repeats what is safe.
   */
  answered (error: LibrdKafkaError | Error | null | undefined, partitions: readonly AnsweredOffset[] = []): void {
    const pending = this.#pending
    if (pending === undefined) return
    const failed = error ?? partitions.find(partition => partition.error !== undefined && partition.error !== null)?.error
    if (failed !== undefined && failed !== null) {
      pending.answered(failed instanceof Error ? failed : new Error(`commit refused: ${describeAnswer(failed)}`))
    } else if (pending.offsets.every(offset => partitions.some(answer => isSame(answer, offset)))) {
      pending.answered(undefined)
    }
  }

  async #send (offsets: readonly CommittableOffset[], timeoutMs: number): Promise<boolean> {
    const { clock, observer, log } = this.#options
    let timer: Timer | undefined
    const error = await new Promise<Error | undefined>(resolve => {
      this.#pending = { startedAt: clock.now(), offsets, answered: resolve }
      timer = clock.setTimer(() => { resolve(new Error(`no answer within ${Math.round(timeoutMs)} ms`)) }, timeoutMs)
      try {
        this.#consumer.commit(offsets as CommittableOffset[])
      } catch (thrown) {
        resolve(thrown instanceof Error ? thrown : new Error(String(thrown)))
      }
    })
    timer?.clear()
    const startedAt = this.#pending?.startedAt ?? clock.now()
    this.#pending = undefined
    this.#released?.()
    if (error !== undefined) {
      this.#failures++
      observer.commitFailed(error.message)
      log.commitFailed(error.message, this.#failures)
      return false
    }
    this.#failures = 0
    this.#intake.committed(offsets)
    observer.committed(offsets.length, clock.now() - startedAt)
    return true
  }

  async #settled (): Promise<void> {
    while (this.#pending !== undefined) {
      await new Promise<void>(resolve => { this.#released = resolve })
    }
    this.#released = undefined
  }

  async #wait (ms: number): Promise<void> {
    await new Promise<void>(resolve => { this.#options.clock.setTimer(resolve, ms) })
  }
}

function isSame (a: CommittableOffset, b: CommittableOffset): boolean {
  return a.partition === b.partition && a.offset === b.offset && a.topic === b.topic
}

function describeAnswer (error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : String(error)
}
