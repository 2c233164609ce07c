import { type Incidents, type Observer } from '../../engine/observer.js'
import { type MetricSet } from './metric-set.js'
import { type PipelineState } from './pipeline-gauges.js'

interface Collector {
  collectFrom (state: PipelineState): void
}

/** What is delivered to each destination. */
export class DeliveryMetrics {
  readonly #i: ReturnType<typeof createInstruments>
  readonly #states = new Map<string, PipelineState>()

  constructor (set: MetricSet) {
    this.#i = createInstruments(set)
  }

  /** Hears what the destination's engine and source tell, and passes it on to those of the whole process. */
  destination (name: string, all: Observer & Incidents & Collector): Observer & Incidents & Collector {
    const i = this.#i
    const destination = { destination: name }
    for (const counter of [i.delivered, i.retried, i.lost]) counter.inc(destination, 0)
    i.held.set(destination, 0)
    return {
      ...passedOn(all),
      collectFrom: state => {
        this.#states.set(name, state)
        // Partitions are the same for all destinations: gauges without their names could be only one's.
        all.collectFrom({ partitions: () => [], inFlight: () => state.inFlight() })
      },
      called (stage, key, report) {
        all.called(stage, key, report)
        if (stage !== name) return
        i.delivered.inc(destination, report.done)
        i.retried.inc(destination, report.resent)
      },
      deadLettered (code) {
        all.deadLettered(code)
        i.dead.inc({ ...destination, code })
      },
      held (stage, key, code, detail) {
        all.held(stage, key, code, detail)
        if (stage === name) i.held.set(destination, 1)
      },
      resumed (stage, key, heldMs) {
        all.resumed(stage, key, heldMs)
        if (stage === name) i.held.set(destination, 0)
      },
      offsetsLost (topic, offsets) {
        all.offsetsLost(topic, offsets)
        i.lost.inc(destination, offsets)
      }
    }
  }

  /** Called before each scrape. */
  collect (now = Date.now()): void {
    for (const [destination, state] of this.#states) {
      let records = 0
      let oldest = now
      for (const { lagRecords = 0, oldestTimestamp } of state.partitions()) {
        records += lagRecords
        if (oldestTimestamp >= 0) oldest = Math.min(oldest, oldestTimestamp)
      }
      this.#i.inFlight.set({ destination }, state.inFlight().records)
      this.#i.lagRecords.set({ destination }, records)
      this.#i.lagSeconds.set({ destination }, (now - oldest) / 1000)
    }
  }
}

/** As plain functions: those of a class would be lost in a spread. */
function passedOn (all: Observer & Incidents): Observer & Incidents {
  return {
    consumed: (topic, records, bytes) => { all.consumed(topic, records, bytes) },
    examined: (records, valid, durationMs) => { all.examined(records, valid, durationMs) },
    settled: records => { all.settled(records) },
    endToEnd: durationMs => { all.endToEnd(durationMs) },
    called: (stage, key, report) => { all.called(stage, key, report) },
    coalesced: (stage, records) => { all.coalesced(stage, records) },
    failed: (stage, key, code, records) => { all.failed(stage, key, code, records) },
    deadLettered: code => { all.deadLettered(code) },
    handedOver: (cause, records) => { all.handedOver(cause, records) },
    attemptsExhausted: () => { all.attemptsExhausted() },
    replayed: records => { all.replayed(records) },
    postponed: records => { all.postponed(records) },
    lateSettled: () => { all.lateSettled() },
    repeatedOffset: () => { all.repeatedOffset() },
    overtaken: (stage, records) => { all.overtaken(stage, records) },
    committed: (partitions, durationMs) => { all.committed(partitions, durationMs) },
    commitFailed: reason => { all.commitFailed(reason) },
    offsetsLost: (topic, offsets) => { all.offsetsLost(topic, offsets) },
    logReplaced: topic => { all.logReplaced(topic) },
    rebalanced: (event, partitions) => { all.rebalanced(event, partitions) },
    held: (stage, key, code, detail) => { all.held(stage, key, code, detail) },
    resumed: (stage, key, heldMs) => { all.resumed(stage, key, heldMs) },
    possibleDuplicates: (stage, key, records) => { all.possibleDuplicates(stage, key, records) },
    retryBudgetSpent: (stage, key) => { all.retryBudgetSpent(stage, key) },
    examinerFailed: error => { all.examinerFailed(error) }
  }
}

function createInstruments (set: MetricSet) {
  const destination = ['destination'] as const
  return {
    delivered: set.counter('delivery_delivered_total', 'Events that a destination has taken.', destination),
    retried: set.counter('delivery_retried_total', 'Requests that sent an event again.', destination),
    dead: set.counter('delivery_dead_letters_total', 'Events in the destination\'s dead letters, by reason.', [...destination, 'code']),
    lost: set.counter('delivery_lost_total', 'Offsets that the topic deleted before they were delivered to the destination.', destination),
    held: set.gauge('delivery_held', '1 while nothing but probes is sent to the destination: its breaker is open, or it refuses our credentials, say.', destination),
    inFlight: set.gauge('delivery_in_flight_records', 'Events that were read for the destination and have not come to their end: at most its share of MAX_IN_FLIGHT_RECORDS.', destination),
    lagRecords: set.gauge('delivery_lag_records', 'Records between the destination\'s offsets and the ends of the partitions of this process, as far as they are known.', destination),
    lagSeconds: set.gauge('delivery_lag_seconds', 'Age of the oldest event that was read and is not delivered; 0 when there is none.', destination)
  }
}
