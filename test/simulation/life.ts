import rdkafka, { type KafkaConsumer } from 'node-rdkafka'
import { Committer } from '../../src/connectors/kafka/committer.js'
import { type KafkaLog } from '../../src/connectors/kafka/kafka-log.js'
import { Rebalancer, type Polling } from '../../src/connectors/kafka/rebalancer.js'
import { Engine } from '../../src/engine/engine.js'
import { type Verdict } from '../../src/engine/examiner.js'
import { type CommittableOffset, type TopicPartition } from '../../src/engine/intake.js'
import { poison } from '../../src/engine/outcome.js'
import { type SourceRecord } from '../../src/engine/record.js'
import { Random } from '../../src/generator/random.js'
import { ManualClock } from '../helpers/manual-clock.js'
import { Books } from './books.js'
import { FIXED_LIMITS } from './configuration.js'
import { Delivery, Epoch } from './deliveries.js'
import { listenTo } from './listen-to.js'
import { type LogRecord, partsOf, splitsRecords, surface, TOPIC } from './log.js'
import { type RetryMessage, VISIBILITY_MS } from './retry-queue.js'
import { createRoad } from './road.js'
import { watchEngine, watchIncidents } from './watch.js'
import { type Parcel, type WireCall } from './wire.js'
import { type World } from './world.js'

const { ERR__ASSIGN_PARTITIONS, ERR__REVOKE_PARTITIONS } = rdkafka.CODES.ERRORS
const COMMIT_EVERY_RECORDS = 20

/** A record that the client has taken from its fetches, in the epoch it did so; without one it surfaces a second time. */
interface Collected {
  readonly record: LogRecord
  readonly epoch: Epoch | undefined
}

/**
 * One life of the process, from its start to its stop or crash: the engine, the committer and the rebalancer as they
 * are in production, on a client, a pool and sinks that belong to the schedule.
 */
export class Life {
  readonly clock = new ManualClock()
  readonly books: Books
  readonly engine: Engine<Parcel>
  readonly committer: Committer
  readonly #rebalancer: Rebalancer
  readonly #world: World
  /** The epoch of each partition that is not closed. */
  readonly epochs = new Map<number, Epoch>()
  /** By partition that the client reads: the next record, as an index of the log. */
  readonly positions = new Map<number, number>()
  /** Partitions that are the process's once it has answered every event. */
  promised = new Set<number>()
  readonly replays = new Set<Delivery>()
  /** The service says that messages are deleted, and they come back. */
  deletionsFail = false
  state: 'running' | 'stopping' | 'over' = 'running'
  /** What a poll under way has collected. */
  #poll: Collected[] | undefined
  /** What the rebalancer does once no poll is under way. */
  readonly #betweenPolls: Array<() => void> = []
  #lastPollAt = 0
  #gateOpensAt = 0

  constructor (world: World) {
    const { configuration, findings } = world
    this.#world = world
    this.books = new Books(findings, configuration)
    const random = new Random(configuration.seed, 1_000 + world.lives)
    const road = createRoad(configuration, call => { this.#left(call) })
    const observer = watchEngine(findings)
    this.engine = new Engine<Parcel>({
      examiner: { examine: async chunk => await this.#examine(chunk), close: async () => {} },
      branches: splitsRecords(configuration) ? ({ record: { branches } }) => branches.length === 0 ? undefined : branches.map(record => ({ record })) : undefined,
      stages: [road.table, road.queues],
      deadLetters: road.deadLetters,
      retryQueue: road.retryQueue,
      clock: this.clock,
      random: () => random.fraction(),
      observer,
      incidents: watchIncidents(findings, this.books),
      limits: { ...FIXED_LIMITS, ...configuration.limits }
    })
    const log = listenTo<KafkaLog>({
      rebalanced: (event, partitions) => {
        findings.reach(`partitions ${event}`, partitions.length)
        findings.note(() => `    partitions ${event}: ${partitions.map(({ partition }) => partition).join()}`)
        if (event === 'lost') for (const { partition } of partitions) this.#epochOf(partition, epoch => { epoch.lost = true })
      }
    })
    const intake = this.#intake()
    this.#rebalancer = new Rebalancer(intake, { ...configuration, clock: this.clock, observer, log }, listenTo<Polling>({ betweenPolls: step => { this.#betweenPolls.push(step) } }))
    const consumer = {
      commit: (offsets: CommittableOffset[]) => { world.broker.requested(offsets.map(offset => ({ ...offset })), this.epochs) },
      assign: (partitions: TopicPartition[]) => { this.#reads(partitions) },
      incrementalAssign: (partitions: TopicPartition[]) => { this.#reads(partitions) },
      unassign: () => { this.positions.clear() },
      incrementalUnassign: (partitions: TopicPartition[]) => { for (const { partition } of partitions) this.positions.delete(partition) }
    // The client's methods return the client, which neither of its users looks at.
    } as unknown as KafkaConsumer
    this.committer = new Committer(consumer, intake, { ...configuration, commitEveryRecords: COMMIT_EVERY_RECORDS, clock: this.clock, observer, log })
    this.#rebalancer.serve(consumer, this.committer)
  }

  /** The client begins to collect records, at most so many; `again` of each partition surface a second time first. */
  beginPoll (most: number, again: number): void {
    const { engine } = this
    this.#poll = []
    if (this.state !== 'running') return
    const blocked = new Set(engine.blocked().map(({ partition }) => partition))
    if (blocked.size > 0) this.#world.findings.reach('partition blocked by its span')
    let credit = Math.min(most, engine.available)
    if (engine.available === 0) this.#world.findings.reach('poll without credit')
    for (const partition of this.positions.keys()) {
      if (!blocked.has(partition)) credit -= this.#collect(partition, credit, again, this.#poll)
    }
  }

  /** The poll comes back, perhaps after events of the group that it knows nothing of. */
  endPoll (): void {
    const { engine, clock } = this
    const now = clock.now()
    if (now - this.#lastPollAt > this.#world.configuration.limits.maxPollSilenceMs) {
      this.#gateOpensAt = now + FIXED_LIMITS.gateSettleMs
      this.#world.findings.reach('poll after a long silence')
    }
    this.#lastPollAt = now
    engine.polled()
    engine.receive((this.#poll ?? []).map(collected => this.#surface(collected)))
    for (const partition of this.positions.keys()) this.#tellEnd(partition)
    this.#poll = undefined
    for (const step of this.#betweenPolls.splice(0)) step()
    this.committer.consider()
  }

  get polling (): boolean {
    return this.#poll !== undefined
  }

  poll (most: number, again: number): void {
    if (!this.polling) this.beginPoll(most, again)
    this.endPoll()
  }

  assign (partitions: readonly number[]): void {
    for (const partition of partitions) this.promised.add(partition)
    this.#rebalancer.rebalanced({ code: ERR__ASSIGN_PARTITIONS }, partitions.map(place))
  }

  revoke (partitions: readonly number[], lost: boolean): void {
    for (const partition of partitions) this.promised.delete(partition)
    if (lost) this.#rebalancer.lost()
    this.#rebalancer.rebalanced({ code: ERR__REVOKE_PARTITIONS }, partitions.map(place))
  }

  takeReplays (most: number): void {
    const { retryQueue, now } = this.#world
    const messages = this.state === 'running' ? retryQueue.receive(Math.min(most, this.engine.replayAvailable), now, this) : []
    const deliveries = messages.map(message => new Delivery(message.record, message, message.attempts))
    for (const delivery of deliveries) this.replays.add(delivery)
    this.engine.replay(deliveries.map((delivery, index) => {
      const message = messages[index] as RetryMessage
      const record = surface(delivery.record)
      this.books.surfaced(record, delivery.record, [delivery])
      return {
        record,
        attempts: message.attempts,
        failure: undefined,
        done: () => { this.#replayDone(delivery, message) },
        postpone: delayMs => { this.#replayPostponed(delivery, message, delayMs) }
      }
    }))
  }

  /** As the service stops: drains, commits, gives back. True when nothing was cut. */
  async stop (graceMs: number): Promise<boolean> {
    this.state = 'stopping'
    const deadline = this.clock.now() + graceMs
    const drainReplays = this.engine.drainReplays(graceMs)
    const givenBack = await this.#rebalancer.finish(graceMs)
    const intake = this.#intake()
    const drained = await intake.drain(this.#rebalancer.assigned, deadline - this.clock.now())
    const committed = await this.committer.close(Math.max(1_000, deadline - this.clock.now()))
    intake.close(this.#rebalancer.assigned)
    const replaysDrained = await drainReplays
    this.engine.shutDown()
    this.state = 'over'
    return givenBack && drained && committed && replaysDrained
  }

  /** What the engine holds is what the books say it must hold. */
  check (): void {
    const { engine, books } = this
    const { findings } = this.#world
    books.judge()
    let unsettled = 0
    for (const status of engine.partitions()) {
      unsettled += status.unsettled
      const epoch = this.epochs.get(status.partition)
      if (epoch === undefined) findings.violate(`partition ${status.partition} has a window and no epoch`)
      else if (status.unsettled !== epoch.unsettled) findings.violate(`the window of partition ${status.partition} holds ${status.unsettled} records, and ${epoch.unsettled} are unsettled`)
    }
    const { records, bytes, replays } = engine.inFlight
    if (records !== unsettled) findings.violate(`the credit counts ${records} records, and the windows hold ${unsettled}`)
    if (bytes < 0 || (records === 0 && bytes !== 0)) findings.violate(`the credit counts ${bytes} bytes of ${records} records`)
    if (replays !== this.replays.size) findings.violate(`${replays} replays are counted, and ${this.replays.size} are under way`)
  }

  #left (call: WireCall): void {
    const { findings } = this.#world
    const now = this.clock.now()
    if (this.state === 'over') findings.violate('a call left after the process had ended')
    const { maxPollSilenceMs } = this.#world.configuration.limits
    if (this.epochs.size > 0 && (now - this.#lastPollAt > maxPollSilenceMs || now < this.#gateOpensAt)) findings.violate(`a call of the ${call.stage.name} left through a closed gate`)
    this.books.left(call, now)
    this.#world.left(call, this)
  }

  async #examine (chunk: readonly SourceRecord[]): Promise<ReadonlyArray<Verdict<Parcel>>> {
    await this.#world.scheduler.schedule(Promise.resolve(), 'an examination ends')
    if (this.#world.life !== this) return await new Promise(() => {})
    if (this.#world.examinationFails) throw new Error('planned')
    return chunk.map(source => {
      const record = this.books.recordOf(source)
      return record === undefined || record.kind === 'malformed' ? poison('NOT_JSON', 'planned') : { class: 'valid', payload: { record } }
    })
  }

  /** The engine, with the books kept of what it is asked and what it answers. */
  #intake () {
    const { engine } = this
    return {
      get settledTotal (): number { return engine.settledTotal },
      committable: (partitions?: readonly TopicPartition[]) => engine.committable(partitions),
      committed: (offsets: readonly CommittableOffset[]) => {
        for (const { partition, offset } of offsets) if (offset > (this.#world.broker.committed[partition] ?? 0)) this.#world.findings.violate(`partition ${partition} counts as committed at ${offset}`)
        engine.committed(offsets)
      },
      open: (partition: TopicPartition) => {
        this.#epochOf(partition.partition, epoch => { this.#close(epoch) })
        this.epochs.set(partition.partition, new Epoch(partition.partition, this.#world.broker.committed[partition.partition] ?? 0))
        engine.open(partition)
      },
      drain: async (partitions: readonly TopicPartition[], timeoutMs: number, signal?: AbortSignal) => {
        const epochs = partitions.map(({ partition }) => this.epochs.get(partition)).filter(epoch => epoch !== undefined)
        for (const epoch of epochs) epoch.drain()
        const drained = await engine.drain(partitions, timeoutMs, signal)
        for (const epoch of epochs) this.#drained(epoch, drained)
        this.#world.findings.reach(drained ? 'drain that ended' : 'drain that was cut')
        return drained
      },
      close: (partitions: readonly TopicPartition[]) => {
        for (const { partition } of partitions) this.#epochOf(partition, epoch => { this.#close(epoch) })
        engine.close(partitions)
      }
    }
  }

  #drained (epoch: Epoch, drained: boolean): void {
    epoch.drained = drained
    if (!drained) epoch.abandon()
    else if (epoch.deliveries.some(delivery => delivery.started && delivery.end === undefined)) this.#world.findings.violate('a drain ended with records under way')
    const { broker, now } = this.#world
    if (broker.pending.length > 0 || now < broker.silentUntil) epoch.commitTrouble = true
  }

  #close (epoch: Epoch): void {
    this.epochs.delete(epoch.partition)
    this.#world.epochEnded(epoch)
  }

  #epochOf (partition: number, use: (epoch: Epoch) => void): void {
    const epoch = this.epochs.get(partition)
    if (epoch !== undefined) use(epoch)
  }

  #reads (partitions: readonly TopicPartition[]): void {
    for (const { partition } of partitions) {
      const { records } = this.#world.logOf(partition)
      const start = this.#world.broker.committed[partition] ?? 0
      const index = records.findIndex(record => record.offset >= start)
      this.positions.set(partition, index < 0 ? records.length : index)
    }
  }

  #collect (partition: number, credit: number, again: number, into: Collected[]): number {
    const { records } = this.#world.logOf(partition)
    const epoch = this.epochs.get(partition)
    const position = this.positions.get(partition) ?? 0
    const read = records.slice(position, position + credit)
    this.positions.set(partition, position + read.length)
    const repeated = credit > 0 && epoch !== undefined ? records.slice(Math.max(0, position - again), position).filter(({ offset }) => offset >= epoch.start) : []
    into.push(...repeated.map(record => ({ record, epoch: undefined })), ...read.map(record => ({ record, epoch })))
    return read.length
  }

  /** A record that was collected in an epoch that takes no more surfaces all the same, and must be ignored. */
  #surface ({ record, epoch }: Collected): SourceRecord {
    const { findings } = this.#world
    const source = surface(record)
    if (epoch === undefined) return source
    if (epoch.state !== 'open' || this.epochs.get(record.partition) !== epoch) {
      findings.reach('record of an epoch that takes no more')
      return source
    }
    const parts = partsOf(record)
    if (parts.some(({ ended, mayRepeat }) => ended && !mayRepeat)) findings.violate(`${record.partition}:${record.offset} is read again, although its end was committed or could have been`)
    if (parts.length > 1) findings.reach('record split')
    findings.note(() => `      ${record.partition}:${record.offset} ${record.client}${record.uid} ${record.kind} surfaces`)
    const deliveries = parts.map(part => new Delivery(part, epoch))
    epoch.deliveries.push(...deliveries)
    epoch.readUpTo = record.offset + 1
    this.books.surfaced(source, record, deliveries)
    return source
  }

  /** The end of a partition's log may lie above its last record. */
  #tellEnd (partition: number): void {
    const { records, end } = this.#world.logOf(partition)
    const epoch = this.epochs.get(partition)
    if (epoch?.state !== 'open' || this.positions.get(partition) !== records.length || epoch.readUpTo >= end) return
    epoch.readUpTo = end
    this.engine.reachedEnd(place(partition), end)
    this.#world.findings.reach('end of a log above its last record')
  }

  #replayDone (delivery: Delivery, message: RetryMessage): void {
    const { findings, retryQueue, now, sinks } = this.#world
    if (!delivery.settled) findings.violate(`the message of ${delivery.record.partition}:${delivery.record.offset} is deleted from the retry queue before its end`)
    this.replays.delete(delivery)
    findings.reach('replay ended')
    if (this.deletionsFail) {
      sinks.unsure(message.record)
      retryQueue.release(message, now + VISIBILITY_MS)
      findings.reach('deletion that failed')
    } else {
      retryQueue.delete(message)
    }
  }

  #replayPostponed (delivery: Delivery, message: RetryMessage, delayMs: number): void {
    const { findings, retryQueue, now } = this.#world
    if (delivery.end !== undefined || delivery.call !== undefined) findings.violate(`${delivery.record.partition}:${delivery.record.offset} is postponed while it is in a call or has its end`)
    delivery.end = 'postponed'
    this.replays.delete(delivery)
    retryQueue.release(message, now + delayMs)
  }
}

function place (partition: number): TopicPartition {
  return { topic: TOPIC, partition }
}
