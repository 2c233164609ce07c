import rdkafka, { type ConsumerGlobalConfig, type ConsumerTopicConfig, type KafkaConsumer, type LibrdKafkaError, type Message, type TopicPartition as ClientTopicPartition } from 'node-rdkafka'
import { type Clock } from '../../engine/clock.js'
import { type CommittableOffset, type Intake, type TopicPartition } from '../../engine/intake.js'
import { toClientError } from './client-error.js'
import { ClientWatch } from './client-watch.js'
import { connectClient, disconnect } from './connection.js'
import { Committer } from './committer.js'
import { toSourceRecords } from './polled-records.js'
import { OffsetResets } from './offset-resets.js'
import { Pauses } from './pauses.js'
import { Rebalancer, type RebalancerOptions } from './rebalancer.js'

/** The first poll of an idle source waits this long for one record, on a thread of libuv's pool; the next takes all there is. */
const IDLE_POLL_MS = 100
/** Where polls do not wait, an idle source rests between them: the longer it is idle the longer, up to this. */
const IDLE_REST_MAX_MS = 50
/** Without credit the source first waits for it, so that a busy process does not pause and resume all the time. */
const PAUSE_AFTER_MS = 200
/** Paused partitions are still polled, for group membership and rebalances. */
const PAUSED_POLL_MS = 50

export interface KafkaSourceOptions extends RebalancerOptions {
  readonly topics: readonly string[]
  /** librdkafka's properties; `enable.auto.commit` and `enable.auto.offset.store` are false in them. */
  readonly properties: ConsumerGlobalConfig
  readonly topicProperties: ConsumerTopicConfig
  readonly chunkRecords: number
  readonly commitIntervalMs: number
  readonly commitEveryRecords: number
  /** How long a poll of an idle source may hold a thread of the pool. 0 where there are more sources than threads; 100 when absent. */
  readonly idlePollMs?: number
  /** Without a poll for this long the process slept, and the group has likely given its partitions to others. */
  readonly sessionTimeoutMs: number
}

/**
 * Reads partitions of a consumer group by the engine's credit and commits what the engine says is settled. It never
 * stops polling: without credit the partitions are paused, and the polls go on for the group's sake.
 */
export class KafkaSource {
  readonly #options: KafkaSourceOptions
  readonly #intake: Intake
  readonly #clock: Clock
  readonly #rebalancer: Rebalancer
  readonly #watch: ClientWatch
  readonly #pauses: Pauses
  #consumer: KafkaConsumer | undefined
  #committer: Committer | undefined
  #polling: Promise<void> | undefined
  #polls = 0
  #draining = false
  #stopping = false
  /** Of partitions whose end the poll under way has met. */
  #ends: CommittableOffset[] = []
  /** What must not happen while a poll is under way. */
  #steps: Array<() => void> = []
  /** Ends the pause under way, if there is one. */
  #wake: (() => void) | undefined
  /** What the pause under way waits for. */
  #awaited: (() => boolean) | undefined

  constructor (intake: Intake, options: KafkaSourceOptions) {
    this.#intake = intake
    this.#options = options
    this.#clock = options.clock
    this.#rebalancer = new Rebalancer(intake, options, {
      betweenPolls: step => { this.#betweenPolls(step) },
      assigned: partitions => { this.#pauses.assigned(partitions) },
      released: partitions => { if (!this.#stopping) this.#pauses.released(partitions) }
    })
    this.#pauses = new Pauses({
      intake,
      clock: options.clock,
      client: {
        pause: partitions => { this.#attempt('pause', consumer => consumer.pause([...partitions])) },
        resume: partitions => { this.#attempt('resume', consumer => consumer.resume([...partitions])) }
      },
      assigned: () => this.#rebalancer.assigned
    })
    const resets = new OffsetResets({ ...options, restart: (partition, offset) => this.#rebalancer.restart(partition, offset) })
    this.#watch = new ClientWatch({
      ...options,
      lost: () => { this.#rebalancer.lost() },
      reset: (reset, consumer) => { resets.heard(reset, consumer) },
      replaced: (topic, consumer) => {
        for (const partition of this.#rebalancer.assigned) if (partition.topic === topic) resets.replaced(partition, consumer)
      }
    })
    intake.onAvailable = () => { if (this.#awaited?.() === true) this.#wake?.() }
  }

  /** Resolves once connected and subscribed; waits for the brokers as long as it takes, or until `signal` aborts. */
  async start (signal: AbortSignal, fatal: (error: Error) => void): Promise<void> {
    const consumer = await connectClient(() => this.#createConsumer(fatal), this.#options.log, this.#clock, signal)
    if (consumer === undefined) return
    this.#consumer = consumer
    this.#committer = new Committer(consumer, this.#intake, this.#options)
    this.#rebalancer.serve(consumer, this.#committer)
    consumer.subscribe([...this.#options.topics])
    this.#polling = this.#poll(consumer)
  }

  /**
   * Ends the intake, finishes what has started within `timeoutMs`, commits it and leaves the group (a static member
   * stays). True when everything started was settled and its commit confirmed.
   */
  async stop (timeoutMs: number): Promise<boolean> {
    const deadline = this.#clock.now() + timeoutMs
    this.#draining = true
    this.#wake?.()
    const givenBack = await this.#rebalancer.finish(timeoutMs)
    const drained = await this.#intake.drain(this.#rebalancer.assigned, deadline - this.#clock.now())
    const committed = await this.#committer?.close(Math.max(1_000, deadline - this.#clock.now())) ?? true
    this.#stopping = true
    this.#wake?.()
    await this.#polling
    this.#intake.close(this.#rebalancer.assigned)
    await this.#leave()
    return givenBack && drained && committed
  }

  /** How many polls have come back; undefined while there is none to come. */
  get polls (): number | undefined {
    return this.#polling === undefined || this.#stopping ? undefined : this.#polls
  }

  /** The highest offset of the log as the client last saw it; undefined before the first fetch. */
  highWatermark ({ topic, partition }: TopicPartition): number | undefined {
    try {
      const { highOffset } = this.#consumer?.getWatermarkOffsets(topic, partition) ?? {}
      return highOffset !== undefined && highOffset >= 0 ? highOffset : undefined
    } catch {
      return undefined
    }
  }

  async #leave (): Promise<void> {
    if (this.#consumer === undefined) return
    // On its way out the client asks for an unassignment, and waits for it: it is still the one to call.
    await disconnect(this.#consumer, this.#options.log, this.#clock)
    this.#consumer = undefined
  }

  #createConsumer (fatal: (error: Error) => void): KafkaConsumer {
    const consumer = new rdkafka.KafkaConsumer({
      ...this.#options.properties,
      // That partitions are lost is told by the client's log, earlier, but on another way that may be the longer one.
      rebalance_cb: (error: LibrdKafkaError, partitions: ClientTopicPartition[]) => { setImmediate(() => { this.#rebalancer.rebalanced(error, partitions) }) },
      offset_commit_cb: (error: LibrdKafkaError | null, partitions: CommittableOffset[]) => { this.#committer?.answered(error, partitions) }
    }, this.#options.topicProperties)
    this.#watch.listen(consumer, fatal)
    consumer.on('partition.eof', ({ topic, partition, offset }) => { this.#ends.push({ topic, partition, offset }) })
    return consumer
  }

  async #poll (consumer: KafkaConsumer): Promise<void> {
    const { idlePollMs = IDLE_POLL_MS } = this.#options
    let idle = false
    let idlePolls = 0
    let lastPollAt = this.#clock.now()
    while (!this.#stopping) {
      const ask = await this.#creditFor()
      if (this.#stopping) break
      // An idle poll waits for one record only: the timeout holds for each record that is asked for.
      const waiting = idle && ask > 0 && idlePollMs > 0
      const { error, messages } = await consume(consumer, waiting ? 1 : Math.max(1, ask), waiting ? idlePollMs : 0)
      const now = this.#clock.now()
      if (now - lastPollAt > this.#options.sessionTimeoutMs) this.#rebalancer.lost()
      lastPollAt = now
      this.#polls++
      this.#intake.polled()
      if (error !== undefined) this.#watch.pollFailed(toClientError(error))
      if (messages.length > 0) this.#intake.receive(toSourceRecords(messages))
      for (const { offset, ...partition } of this.#ends.splice(0)) this.#intake.reachedEnd(partition, offset)
      this.#takeSteps()
      this.#watch.tend(consumer)
      idle = messages.length === 0
      if (ask === 0) await this.#pause(PAUSED_POLL_MS, () => this.#intake.relaxed)
      else if (error !== undefined) await this.#pause(IDLE_POLL_MS, () => false)
      else if (idle && idlePollMs === 0) await this.#pause(Math.min(IDLE_REST_MAX_MS, 2 ** idlePolls++), () => false)
      if (!idle) idlePolls = 0
      if (this.#intake.awake) this.#committer?.consider()
    }
    this.#takeSteps()
  }

  /**
   * A poll that is under way may hold records, and ends, that were collected before a revocation. They must have come
   * in, and have been ignored, before the next epoch of their partition is opened.
   */
  #betweenPolls (step: () => void): void {
    this.#steps.push(step)
    if (this.#stopping) this.#takeSteps()
  }

  #takeSteps (): void {
    for (const step of this.#steps.splice(0)) step()
  }

  /** How many records to ask for; 0 when the assignment is paused and polled for its events only. */
  async #creditFor (): Promise<number> {
    this.#pauses.tendBlocked()
    if (this.#pauses.all) {
      if (this.#draining || !this.#intake.relaxed) return 0
      this.#pauses.resumeAll()
    }
    const giveUpAt = this.#clock.now() + PAUSE_AFTER_MS
    while (!this.#mayPoll) {
      const left = giveUpAt - this.#clock.now()
      if (left <= 0 || this.#draining) {
        this.#pauses.pauseAll()
        return 0
      }
      await this.#pause(left, () => this.#mayPoll)
    }
    return Math.min(this.#options.chunkRecords, this.#intake.available)
  }

  /** Credit for a whole chunk: polling for the few records that each call frees would cost more than it brings. */
  get #mayPoll (): boolean {
    return !this.#draining && (this.#intake.available >= this.#options.chunkRecords || (this.#intake.relaxed && this.#intake.available > 0))
  }

  /** Waits until this holds, at most this long. Asked with every call that ends, so the wait itself is not begun anew. */
  async #pause (ms: number, awaited: () => boolean): Promise<void> {
    await new Promise<void>(resolve => {
      const timer = this.#clock.setTimer(() => { this.#wake?.() }, ms)
      this.#awaited = awaited
      this.#wake = () => {
        this.#awaited = undefined
        this.#wake = undefined
        timer.clear()
        resolve()
      }
    })
  }

  /** The client throws for partitions it lost meanwhile; the next rebalance puts that right. */
  #attempt (what: string, call: (consumer: KafkaConsumer) => void): void {
    if (this.#consumer === undefined) return
    try {
      call(this.#consumer)
    } catch (error) {
      this.#options.log.callFailed(what, error)
    }
  }
}

async function consume (consumer: KafkaConsumer, records: number, timeoutMs: number): Promise<{ error?: LibrdKafkaError, messages: readonly Message[] }> {
  return await new Promise(resolve => {
    consumer.setDefaultConsumeTimeout(timeoutMs)
    consumer.consume(records, (error, messages) => {
      resolve(error === null || error === undefined ? { messages } : { error, messages: [] })
    })
  })
}
