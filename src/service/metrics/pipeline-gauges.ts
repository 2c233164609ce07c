import { performance, type EventLoopUtilization } from 'node:perf_hooks'
import { type MetricSet } from './metric-set.js'

export interface PartitionState {
  readonly topic: string
  readonly partition: number
  /** Records between the next to commit and the end of the log; `undefined` while the end is not known. */
  readonly lagRecords: number | undefined
  /** 0 when nothing is unsettled. */
  readonly oldestUnsettledMs: number
  /** When that record was written to the source, ms since 1970; -1 when nothing is unsettled or it does not say. */
  readonly oldestTimestamp: number
  readonly inFlightRecords: number
  readonly inFlightBytes: number
}

/** The present state of a pipeline, asked for at each scrape. Each method returns at once. */
export interface PipelineState {
  partitions (): readonly PartitionState[]
  /** The credit in use, for the whole process. */
  inFlight (): { readonly records: number, readonly bytes: number }
  /** Absent when validation runs on the main thread. `utilization`: 0 to 1. */
  pool? (): { readonly utilization: number, readonly queuedTasks: number, readonly threads: number }
}

/** Gauges that are read, not written: partitions that were given away disappear by themselves. */
export class PipelineGauges {
  readonly #set: ReturnType<typeof createGauges>
  readonly #states: PipelineState[] = []
  #loop: EventLoopUtilization = performance.eventLoopUtilization()

  constructor (set: MetricSet) {
    this.#set = createGauges(set)
  }

  /** Of several pipelines in one process, what is in flight is summed up. */
  collectFrom (state: PipelineState): void {
    this.#states.push(state)
  }

  /** Called before each scrape. */
  collect (): void {
    const gauges = this.#set
    for (const gauge of [gauges.lag, gauges.oldest, gauges.records, gauges.bytes]) gauge.reset()
    for (const state of this.#states.flatMap(each => each.partitions())) {
      const labels = { topic: state.topic, partition: state.partition }
      if (state.lagRecords !== undefined) gauges.lag.set(labels, state.lagRecords)
      gauges.oldest.set(labels, state.oldestUnsettledMs / 1000)
      gauges.records.set(labels, state.inFlightRecords)
      gauges.bytes.set(labels, state.inFlightBytes)
    }
    const inFlight = this.#states.map(each => each.inFlight())
    gauges.allRecords.set(inFlight.reduce((sum, { records }) => sum + records, 0))
    gauges.allBytes.set(inFlight.reduce((sum, { bytes }) => sum + bytes, 0))
    const pool = this.#states.find(each => each.pool !== undefined)?.pool?.()
    gauges.poolUse.set(pool?.utilization ?? 0)
    gauges.poolQueue.set(pool?.queuedTasks ?? 0)
    gauges.poolThreads.set(pool?.threads ?? 0)
    gauges.loop.set(this.#loopUtilization())
  }

  #loopUtilization (): number {
    const now = performance.eventLoopUtilization()
    const { utilization } = performance.eventLoopUtilization(now, this.#loop)
    this.#loop = now
    return utilization
  }
}

function createGauges (set: MetricSet) {
  const partition = ['topic', 'partition'] as const
  return {
    lag: set.gauge('partition_lag_records', 'Records between the next offset to commit and the end of the partition.', partition),
    oldest: set.gauge('partition_oldest_unsettled_seconds', 'Age of the oldest record that is not settled, since it was polled.', partition),
    records: set.gauge('partition_in_flight_records', 'Records polled and not settled.', partition),
    bytes: set.gauge('partition_in_flight_bytes', 'Their bytes.', partition),
    allRecords: set.gauge('in_flight_records', 'Records in flight in this process, those of the retry queue included.'),
    allBytes: set.gauge('in_flight_bytes', 'Their bytes.'),
    poolUse: set.gauge('validation_pool_utilization_ratio', 'Part of the time that the validation threads work.'),
    poolQueue: set.gauge('validation_pool_queued_tasks', 'Chunks that wait for a thread.'),
    poolThreads: set.gauge('validation_pool_threads', 'Validation threads.'),
    loop: set.gauge('event_loop_utilization_ratio', 'Part of the time that the main thread was busy since the last scrape.')
  }
}
