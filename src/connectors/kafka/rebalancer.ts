import rdkafka, { type KafkaConsumer, type LibrdKafkaError, type TopicPartition as ClientTopicPartition } from 'node-rdkafka'
import { type Clock } from '../../engine/clock.js'
import { type Intake, type TopicPartition } from '../../engine/intake.js'
import { type Observer } from '../../engine/observer.js'
import { type Committer } from './committer.js'
import { type KafkaLog } from './kafka-log.js'
import { includes, without } from './partition-list.js'

/** The client learns of a lost membership with its next heartbeat. */
const LOSS_FOLLOWS_WITHIN_MS = 30_000

export interface RebalancerOptions {
  /** Decides between whole and incremental assignments: librdkafka's own word for it says NONE while a member leaves. */
  readonly cooperative: boolean
  readonly revokeDrainMs: number
  readonly clock: Clock
  readonly observer: Observer
  readonly log: KafkaLog
}

/** What is asked of the client. */
export type GroupMember = Pick<KafkaConsumer, 'assign' | 'unassign' | 'incrementalAssign' | 'incrementalUnassign' | 'seek'>

/** The source that the partitions are for. */
export interface Polling {
  /** Runs a step when no poll is under way: soon, and once. */
  betweenPolls (step: () => void): void
  /** The client has been given these. */
  assigned (partitions: readonly TopicPartition[]): void
  /** The client is about to give these back. */
  released (partitions: readonly TopicPartition[]): void
}

type RebalanceEvent =
  | { readonly kind: 'assign' | 'revoke', readonly partitions: TopicPartition[] }
  | { readonly kind: 'restart', readonly partition: TopicPartition, readonly offset: number }

/**
 * Answers the group's assignments and revocations, one after the other. On revoke the intake of those partitions ends,
 * what has started is finished within the drain time, its watermark is committed and confirmed, and only then are they
 * given back. Partitions that were lost are dropped, and nothing of them is committed.
 */
export class Rebalancer {
  readonly #intake: Pick<Intake, 'open' | 'drain' | 'close'>
  readonly #options: RebalancerOptions
  readonly #polling: Polling
  readonly #events: RebalanceEvent[] = []
  #client: { readonly consumer: GroupMember, readonly committer: Pick<Committer, 'commit'> } | undefined
  #assigned: TopicPartition[] = []
  #restarting: TopicPartition[] = []
  #handling: Promise<void> | undefined
  #cutDrain = new AbortController()
  #lostUntil = -Infinity
  /** No drain was cut, and each was committed, since this was asked for. */
  #drained = true

  constructor (intake: Pick<Intake, 'open' | 'drain' | 'close'>, options: RebalancerOptions, polling: Polling) {
    this.#intake = intake
    this.#options = options
    this.#polling = polling
  }

  get assigned (): readonly TopicPartition[] {
    return this.#assigned
  }

  serve (consumer: GroupMember, committer: Pick<Committer, 'commit'>): void {
    this.#client = { consumer, committer }
  }

  /** A revocation that follows now, or is under way, is a loss: other members may own the partitions already. */
  lost (): void {
    this.#lostUntil = this.#options.clock.now() + LOSS_FOLLOWS_WITHIN_MS
    this.#cutDrain.abort()
  }

  /**
   * Waits until every event so far is answered; a drain that is still under way after `timeoutMs` is cut short. True when
   * none was.
   */
  async finish (timeoutMs: number): Promise<boolean> {
    this.#drained = true
    const timer = this.#options.clock.setTimer(() => { this.#cutDrain.abort() }, timeoutMs)
    await this.#handling
    timer.clear()
    return this.#drained
  }

  rebalanced (error: Pick<LibrdKafkaError, 'code'>, partitions: readonly ClientTopicPartition[]): void {
    this.#handle({
      kind: error.code === rdkafka.CODES.ERRORS.ERR__ASSIGN_PARTITIONS ? 'assign' : 'revoke',
      partitions: partitions.map(({ topic, partition }) => ({ topic, partition }))
    })
  }

  /** This partition's log is another one: what has started is finished and not committed, and a new epoch reads from `offset` on. False when that is under way. */
  restart (partition: TopicPartition, offset: number): boolean {
    if (includes(this.#restarting, partition)) return false
    this.#restarting = [...this.#restarting, partition]
    this.#handle({ kind: 'restart', partition, offset })
    return true
  }

  #handle (event: RebalanceEvent): void {
    this.#events.push(event)
    // A newer event has overtaken a drain: it must not wait, or the member would own partitions only at the broker.
    if (this.#handling !== undefined) this.#cutDrain.abort()
    else this.#handling = this.#handleAll().finally(() => { this.#handling = undefined })
  }

  async #handleAll (): Promise<void> {
    for (let event = this.#events.shift(); event !== undefined; event = this.#events.shift()) {
      this.#cutDrain = new AbortController()
      if (event.kind === 'restart') await this.#restart(event.partition, event.offset)
      else if (event.kind === 'assign') await this.#betweenPolls(() => { this.#assign(event.partitions) })
      else await this.#revoke(event.partitions, this.#events.length > 0)
    }
  }

  get #isLost (): boolean {
    return this.#options.clock.now() < this.#lostUntil
  }

  #assign (partitions: TopicPartition[]): void {
    const { cooperative, observer, log } = this.#options
    this.#lostUntil = -Infinity
    observer.rebalanced('assigned', partitions.length)
    log.rebalanced('assigned', partitions)
    if (!cooperative) this.#intake.close(this.#assigned)
    for (const partition of partitions) this.#intake.open(partition)
    this.#assigned = cooperative ? [...without(this.#assigned, partitions), ...partitions] : partitions
    this.#attempt('assign', consumer => cooperative ? consumer.incrementalAssign(partitions) : consumer.assign(partitions))
    if (partitions.length > 0) this.#polling.assigned(partitions)
  }

  async #revoke (revoked: TopicPartition[], overtaken: boolean): Promise<void> {
    const { cooperative, revokeDrainMs, observer, log } = this.#options
    const partitions = cooperative ? revoked : this.#assigned
    const event = this.#isLost ? 'lost' : 'revoked'
    observer.rebalanced(event, partitions.length)
    log.rebalanced(event, partitions)
    const drained = !this.#isLost && await this.#intake.drain(partitions, overtaken ? 0 : revokeDrainMs, this.#cutDrain.signal)
    const committed = !this.#isLost && await this.#client?.committer.commit(partitions, revokeDrainMs) === true
    if (!drained || !committed) this.#drained = false
    this.#intake.close(partitions)
    this.#assigned = without(this.#assigned, partitions)
    if (partitions.length > 0) this.#polling.released(partitions)
    this.#attempt('unassign', consumer => cooperative ? consumer.incrementalUnassign(revoked) : consumer.unassign())
  }

  async #restart (partition: TopicPartition, offset: number): Promise<void> {
    if (includes(this.#assigned, partition)) await this.#intake.drain([partition], this.#options.revokeDrainMs, this.#cutDrain.signal)
    await this.#betweenPolls(() => {
      this.#restarting = without(this.#restarting, [partition])
      if (!includes(this.#assigned, partition)) return
      this.#intake.close([partition])
      this.#intake.open(partition)
      this.#attempt('seek', consumer => consumer.seek({ ...partition, offset }, 0, error => {
        if (error !== null && error !== undefined) this.#options.log.callFailed('seek', error)
      }))
    })
  }

  async #betweenPolls (step: () => void): Promise<void> {
    await new Promise<void>(resolve => {
      this.#polling.betweenPolls(() => {
        step()
        resolve()
      })
    })
  }

  /** The client throws for partitions it lost meanwhile; the next rebalance puts that right. */
  #attempt (what: string, call: (consumer: GroupMember) => void): void {
    if (this.#client === undefined) return
    try {
      call(this.#client.consumer)
    } catch (error) {
      this.#options.log.callFailed(what, error)
    }
  }
}
