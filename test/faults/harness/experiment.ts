import { type Test } from 'tap'
import { type Fault } from '../../../bench/recording-endpoint/faults.js'
import { generateRecord } from '../../../src/generator/event-generator.js'
import { type TestService } from '../../helpers/service.js'
import { FaultRun, type FaultRunOptions } from './fault-run.js'

const VALID_ONLY = { seed: 1, invalidShare: 0, extraShare: 0, kinds: [] } as const
const SETTLE_TIMEOUT_MS = 120_000

/** Of the table, and of the queues of clients. */
export interface Entries {
  readonly rows: number
  readonly messages: number
}

/** What a part of a run cost, and what the service says of it. */
export interface Part {
  /** Events that this part produced, all of them valid. */
  readonly events: number
  /** Entries in calls, of each sink. */
  readonly attempted: Entries
  /** Entries that failed as the service sees it, and those of them in calls that it gave up waiting for. */
  readonly failed: Entries
  readonly timedOut: Entries
  readonly holds: number
  /** Records that have left for the retry queue after an attempt. */
  readonly spent: number
  readonly deadLetters: number
}

/**
 * A run with one service that lives throughout, in parts: each produces events of its own under faults of its own, so
 * that what they cost can be told apart. The verdict on all of them together is `run.finish`.
 */
export class Experiment {
  readonly run: FaultRun
  readonly service: TestService
  #produced = 0

  private constructor (run: FaultRun, service: TestService) {
    this.run = run
    this.service = service
  }

  static async start (t: Test, options: FaultRunOptions): Promise<Experiment> {
    const run = await FaultRun.create(t, options)
    const service = await run.start()
    await service.ownsPartitions()
    return new Experiment(run, service)
  }

  /** Of the events that will be produced next, in their order. */
  nextUids (count: number): string[] {
    return Array.from({ length: count }, (_, index) => generateRecord(VALID_ONLY, this.#produced + index).uid ?? '')
  }

  /** So many more events, all of them valid. */
  async produce (count: number): Promise<void> {
    this.#produced += count
    await this.run.produce({ count: this.#produced, seed: VALID_ONLY.seed, resume: this.#produced > count })
  }

  /** Waits until every event so far has its end. */
  async settled (): Promise<void> {
    await this.service.sees('every record is settled', async () => (await this.service.metrics()).sum('penstock_settled_records_total') >= this.#produced, SETTLE_TIMEOUT_MS)
  }

  /** Produces under these faults, waits until everything has its end, and ends them. */
  async part (events: number, ...faults: readonly Fault[]): Promise<Part> {
    this.run.arm(...faults)
    const costs = await this.costs()
    await this.produce(events)
    await this.settled()
    const part = { events, ...await costs() }
    this.run.heal()
    return part
  }

  /** What it will have cost from now on. */
  async costs (): Promise<() => Promise<Omit<Part, 'events'>>> {
    const before = await this.#tally()
    return async () => {
      const now = await this.#tally()
      return {
        attempted: minus(now.attempted, before.attempted),
        failed: minus(now.failed, before.failed),
        timedOut: minus(now.timedOut, before.timedOut),
        holds: now.holds - before.holds,
        spent: now.spent - before.spent,
        deadLetters: now.deadLetters - before.deadLetters
      }
    }
  }

  async #tally (): Promise<Omit<Part, 'events'>> {
    const { rows, messages } = this.run.endpoint.recorder.report(false).attempted
    const metrics = await this.service.metrics()
    const failed = (labels: Readonly<Record<string, string>>): Entries => ({
      rows: metrics.sum('penstock_failures_total', { stage: 'table', ...labels }), messages: metrics.sum('penstock_failures_total', { stage: 'queues', ...labels })
    })
    return {
      attempted: { rows, messages },
      failed: failed({}),
      timedOut: failed({ code: 'TIMEOUT' }),
      holds: metrics.sum('penstock_holds_total'),
      spent: metrics.sum('penstock_handed_over_records_total', { cause: 'attempt' }),
      deadLetters: metrics.sum('penstock_dead_letters_total')
    }
  }
}

function minus (now: Entries, before: Entries): Entries {
  return { rows: now.rows - before.rows, messages: now.messages - before.messages }
}
