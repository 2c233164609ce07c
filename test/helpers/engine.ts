import { type UnansweredAt } from '../../src/engine/doubts.js'
import { Engine } from '../../src/engine/engine.js'
import { type EngineLimits } from '../../src/engine/engine-options.js'
import { type Examiner, type Verdict } from '../../src/engine/examiner.js'
import { type Failure, type Flight } from '../../src/engine/flight.js'
import { DONE, poison } from '../../src/engine/outcome.js'
import { type SourceRecord } from '../../src/engine/record.js'
import { type ReplayMessage } from '../../src/engine/replay.js'
import { countingObserver, type Counts } from './counting-observer.js'
import { FakeStage, type FakeStageOptions } from './fake-stage.js'
import { ManualClock, turn } from './manual-clock.js'

/** What the fake road knows of a record, from a value such as `queue-a/lane-1`. */
export interface Parcel {
  readonly client: string
  readonly lane: string
}

export const TOPIC = 'parcels'
const POISON = 'poison'

export const DEFAULT_LIMITS: EngineLimits = {
  maxInFlightRecords: 1_000,
  maxInFlightBytes: 1_000_000,
  replayShare: 0.1,
  maxAttempts: 3,
  retryInPlaceMs: 1_000,
  backoffBaseMs: 10,
  backoffMaxMs: 100,
  holdMaxMs: 10_000,
  maxUncommittedSpan: 10_000,
  maxPollSilenceMs: Infinity,
  gateSettleMs: 100
}

export interface RigOptions {
  readonly stages?: ReadonlyArray<FakeStageOptions<Parcel>>
  readonly deadLetters?: FakeStageOptions<Parcel>
  /** `null`: there is no retry queue, as with strict order. */
  readonly retryQueue?: FakeStageOptions<Parcel> | null
  /** A value such as `a+b/lane` is split, one branch per client; `-/lane` has none. There is no retry queue then. */
  readonly branches?: boolean
  readonly limits?: Partial<EngineLimits>
  readonly examiner?: Examiner<Parcel>
  readonly random?: () => number
}

/** An engine between a hand-driven source and hand-driven stages. Dead letters and retry queue answer at once. */
export interface Rig {
  readonly engine: Engine<Parcel>
  readonly clock: ManualClock
  readonly counts: Counts
  readonly stages: ReadonlyArray<FakeStage<Parcel>>
  readonly first: FakeStage<Parcel>
  readonly last: FakeStage<Parcel>
  readonly deadLetters: FakeStage<Parcel>
  readonly retryQueue: FakeStage<Parcel>
  /** Polls records with these values, from `offset` on, and has them examined. The first poll assigns the partition. */
  poll (partition: number, offset: number, ...values: string[]): Promise<void>
  /** The watermark of a partition that may be committed; undefined when there is no news. */
  committable (partition?: number): number | undefined
  readonly failures: ReadonlyMap<number, Failure | undefined>
}

export function rig (options: RigOptions = {}): Rig {
  const clock = new ManualClock()
  const counts = countingObserver()
  const stages = (options.stages ?? [{}]).map((stage, index) => new FakeStage<Parcel>({ name: `stage-${index}`, orderKey: laneOf, ...stage }))
  const failures = new Map<number, Failure | undefined>()
  const sink = (name: string, own: FakeStageOptions<Parcel>): FakeStage<Parcel> =>
    new FakeStage<Parcel>({ name, batch: { lingerMs: 0 }, answer: () => DONE, ...own })
  const deadLetters = sink('dead-letters', {
    answer: call => {
      for (const flight of call.flights) failures.set(flight.offset, flight.failure)
      return DONE
    },
    ...options.deadLetters
  })
  const retryQueue = sink('retry', options.retryQueue ?? {})
  const engine = new Engine<Parcel>({
    examiner: options.examiner ?? parcelExaminer,
    branches: options.branches === true ? branchesOf : undefined,
    stages,
    deadLetters,
    retryQueue: options.retryQueue === null || (options.branches === true && options.retryQueue === undefined) ? undefined : retryQueue,
    clock,
    random: options.random ?? (() => 0.5),
    observer: counts.observer,
    incidents: counts.incidents,
    limits: { ...DEFAULT_LIMITS, ...options.limits }
  })
  const assigned = new Set<number>()
  const [first] = stages
  const last = stages.at(-1)
  if (first === undefined || last === undefined) throw new Error('a road has at least one stage')
  return {
    engine,
    clock,
    counts,
    stages,
    first,
    last,
    deadLetters,
    retryQueue,
    failures,
    async poll (partition, offset, ...values) {
      if (!assigned.has(partition)) engine.open({ topic: TOPIC, partition })
      assigned.add(partition)
      engine.polled()
      engine.receive(values.map((value, index) => recordOf(partition, offset + index, value)))
      await turn()
    },
    committable: (partition = 0) => engine.committable().find(offset => offset.partition === partition)?.offset
  }
}

export function recordOf (partition: number, offset: number, value: string): SourceRecord {
  return { topic: TOPIC, partition, offset, key: null, value: Buffer.from(value), headers: [], timestamp: -1 }
}

/** A message of the retry queue that remembers what became of it. */
export class FakeReplay implements ReplayMessage {
  readonly record: SourceRecord
  readonly attempts: number
  readonly failure = undefined
  readonly unansweredAt: UnansweredAt | undefined
  end: 'done' | { postponedMs: number } | undefined

  constructor (offset: number, value: string, attempts = 1, unansweredAt?: UnansweredAt) {
    this.record = recordOf(0, offset, value)
    this.attempts = attempts
    this.unansweredAt = unansweredAt
  }

  done (): void {
    if (this.end !== undefined) throw new Error('a replay ends once')
    this.end = 'done'
  }

  postpone (postponedMs: number): void {
    if (this.end !== undefined) throw new Error('a replay ends once')
    this.end = { postponedMs }
  }
}

export function laneOf (flight: Flight<Parcel>): string {
  return flight.payload.lane
}

export function clientOf (flight: Flight<Parcel>): string {
  return flight.payload.client
}

export function verdictOf (record: SourceRecord): Verdict<Parcel> {
  const value = String(record.value)
  if (value === POISON) return poison('NOT_JSON', 'planted')
  const [client = '', lane = client] = value.split('/')
  return { class: 'valid', payload: { client, lane } }
}

function branchesOf ({ client, lane }: Parcel): Parcel[] | undefined {
  if (client === '-') return []
  return client.includes('+') ? client.split('+').map(client => ({ client, lane })) : undefined
}

const parcelExaminer: Examiner<Parcel> = {
  examine: async chunk => chunk.map(verdictOf),
  close: async () => {}
}
