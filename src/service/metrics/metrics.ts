import { collectDefaultMetrics } from 'prom-client'
import { type CallReport, type Incidents, type Observer } from '../../engine/observer.js'
import { type FailureCode } from '../../errors.js'
import { CallTally } from './call-tally.js'
import { IngestMetrics } from './ingest-metrics.js'
import { DeliveryMetrics } from './delivery-metrics.js'
import { createInstruments } from './instruments.js'
import { BoundedLabel, type Definition, MetricSet } from './metric-set.js'
import { PipelineGauges, type PipelineState } from './pipeline-gauges.js'

/** More queues or topics than this share the label `other`. */
const MAX_LABEL_VALUES = 200
/** Reasons of failed commits are librdkafka's error texts. */
const MAX_REASONS = 30

/** What the engine tells, as Prometheus metrics. No label ever holds a uid, a key or free text of a record. */
export class Metrics implements Observer, Incidents {
  readonly #set = new MetricSet()
  readonly #i = createInstruments(this.#set)
  readonly ingest = new IngestMetrics(this.#set)
  readonly delivery = new DeliveryMetrics(this.#set)
  readonly #gauges = new PipelineGauges(this.#set)
  readonly #key = new BoundedLabel(MAX_LABEL_VALUES)
  readonly #topic = new BoundedLabel(MAX_LABEL_VALUES)
  readonly #reason = new BoundedLabel(MAX_REASONS)
  readonly #validation = this.#i.validation.series()
  readonly #endToEnd = this.#i.endToEnd.series()
  readonly #commits = this.#i.commitDuration.series()
  /** By stage and key. */
  readonly #calls = new Map<string, Map<string, CallTally>>()

  constructor () {
    collectDefaultMetrics({ register: this.#set.registry })
  }

  /** What is read at each scrape: partitions, credit and pool. */
  collectFrom (state: PipelineState): void {
    this.#gauges.collectFrom(state)
  }

  get contentType (): string {
    return this.#set.registry.contentType
  }

  render (): Promise<string> {
    this.#gauges.collect()
    this.ingest.collect()
    this.delivery.collect()
    for (const keys of this.#calls.values()) for (const tally of keys.values()) tally.tell()
    return this.#set.registry.metrics()
  }

  get definitions (): readonly Definition[] {
    return this.#set.definitions
  }

  health (check: string, ok: boolean): void {
    this.#i.healthy.set({ check }, ok ? 1 : 0)
  }

  consumed (topic: string, records: number, bytes: number): void {
    const labels = { topic: this.#topic.of(topic) }
    this.#i.consumedRecords.inc(labels, records)
    this.#i.consumedBytes.inc(labels, bytes)
  }

  examined (records: number, valid: number, durationMs: number): void {
    this.#i.examined.inc({ verdict: 'valid' }, valid)
    this.#i.examined.inc({ verdict: 'invalid' }, records - valid)
    this.#validation.observe(durationMs / 1000)
  }

  settled (records: number): void {
    this.#i.settled.inc(records)
  }

  endToEnd (durationMs: number): void {
    this.#endToEnd.observe(Math.max(0, durationMs) / 1000)
  }

  examinerFailed (): void {
    this.#i.examinerFailures.inc()
  }

  called (stage: string, key: string, report: CallReport): void {
    this.#tallyOf(stage, key).add(report)
  }

  coalesced (stage: string, records: number): void {
    this.#i.coalesced.inc({ stage }, records)
  }

  failed (stage: string, key: string, code: FailureCode, records: number): void {
    this.#i.failures.inc({ stage, key: this.#key.of(key), code }, records)
  }

  held (stage: string, key: string | undefined, code: FailureCode): void {
    const labels = { stage, key: this.#key.of(key ?? stage) }
    this.#i.holds.inc({ ...labels, code })
    this.#i.held.set(labels, 1)
  }

  resumed (stage: string, key: string | undefined, heldMs: number): void {
    const labels = { stage, key: this.#key.of(key ?? stage) }
    this.#i.held.set(labels, 0)
    this.#i.heldTime.inc(labels, heldMs / 1000)
  }

  possibleDuplicates (stage: string, _key: string, records: number): void {
    this.#i.possibleDuplicates.inc({ stage }, records)
  }

  retryBudgetSpent (stage: string, key: string): void {
    this.#i.retryBudgetSpent.inc({ stage, key: this.#key.of(key) })
  }

  deadLettered (code: FailureCode): void {
    this.#i.deadLetters.inc({ code })
  }

  handedOver (cause: 'attempt' | 'hold', records: number): void {
    this.#i.handedOver.inc({ cause }, records)
  }

  attemptsExhausted (): void {
    this.#i.attemptsExhausted.inc()
  }

  replayed (records: number): void {
    this.#i.replayed.inc(records)
  }

  postponed (records: number): void {
    this.#i.postponed.inc(records)
  }

  lateSettled (): void {
    this.#i.lateSettled.inc()
  }

  repeatedOffset (): void {
    this.#i.repeatedOffsets.inc()
  }

  overtaken (stage: string, records: number): void {
    this.#i.overtaken.inc({ stage }, records)
  }

  committed (partitions: number, durationMs: number): void {
    this.#i.committedPartitions.inc(partitions)
    this.#commits.observe(durationMs / 1000)
  }

  commitFailed (reason: string): void {
    this.#i.commitFailures.inc({ reason: this.#reason.of(reason) })
  }

  offsetsLost (topic: string, offsets: number): void {
    this.#i.lostOffsets.inc({ topic: this.#topic.of(topic) }, offsets)
  }

  logReplaced (topic: string): void {
    this.#i.replacedLogs.inc({ topic: this.#topic.of(topic) })
  }

  rebalanced (event: 'assigned' | 'revoked' | 'lost', partitions: number): void {
    this.#i.rebalances.inc({ event })
    this.#i.rebalancedPartitions.inc({ event }, partitions)
  }

  #tallyOf (stage: string, key: string): CallTally {
    let tallies = this.#calls.get(stage)
    if (tallies === undefined) {
      tallies = new Map()
      this.#calls.set(stage, tallies)
    }
    const label = this.#key.of(key)
    let tally = tallies.get(label)
    if (tally === undefined) {
      tally = new CallTally(this.#i, stage, label)
      tallies.set(label, tally)
    }
    return tally
  }
}
