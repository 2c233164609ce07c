import { Engine } from '../../src/engine/engine.js'
import { type Examiner } from '../../src/engine/examiner.js'
import { type Flight } from '../../src/engine/flight.js'
import { type Incidents, type Observer } from '../../src/engine/observer.js'
import { DONE, type Outcome, transient } from '../../src/engine/outcome.js'
import { type Stage } from '../../src/engine/stage.js'
import { Random } from '../../src/generator/random.js'
import { ManualClock, turn } from '../../test/helpers/manual-clock.js'
import { type Figures } from '../report.js'
import { RecordSource, TOPIC } from './record-source.js'

/** The knobs that order and rate hang on, and the world. */
export interface LaneSetting {
  readonly partitions: number
  readonly maxInFlightRecords: number
  readonly tableConcurrency: number
  readonly queueConcurrency: number
  /** `none`: each message is a group of its own. */
  readonly order: 'none' | 'batch' | 'strict'
  /** What a call takes; up to a fifth more. */
  readonly callMs: number
  /** Of rows and messages. */
  readonly failShare: number
}

export const DEFAULTS: LaneSetting = {
  partitions: 12, maxInFlightRecords: 8_000, tableConcurrency: 24, queueConcurrency: 16, order: 'batch', callMs: 10, failShare: 0
}

const CLIENTS = 4
const CHUNK_RECORDS = 500
const JITTER = 0.2
const WARM_UP_MS = 500
const MEASURED_MS = 2_000
const UNPROCESSED = transient('UNPROCESSED', 'planted', { throttled: true })
const FAILED = transient('ENTRY_FAILED', 'planted')

interface Parcel {
  readonly uid: string
  readonly client: string
  readonly group: string
}

/** A backlog that never ends, for a while of simulated time. */
export async function workOff (setting: LaneSetting): Promise<Figures> {
  const clock = new ManualClock()
  const random = new Random(1, 0)
  const table = new Calls(UNPROCESSED, { clock, random, setting })
  const queues = new Calls(FAILED, { clock, random, setting })
  const engine = new Engine<Parcel>({
    examiner: examinerOf(random),
    stages: [
      table.stage({ name: 'table', maxRecords: 25, concurrency: setting.tableConcurrency, maxPerLane: 1, coalesce: 'latest', orderKey: ({ payload }) => payload.uid }),
      queues.stage({
        name: 'queues',
        maxRecords: 10,
        concurrency: setting.queueConcurrency,
        forgetsAfterMs: 300_000,
        batchKey: ({ payload }) => payload.client,
        orderKey: ({ payload }) => setting.order === 'none' ? payload.uid : payload.group,
        ...(setting.order === 'strict' ? { maxPerLane: 1 } : {})
      })
    ],
    deadLetters: table.stage({ name: 'dead-letters', maxRecords: 10, concurrency: 1, orderKey: () => '' }),
    retryQueue: undefined,
    clock,
    random: () => random.fraction(),
    observer: deaf,
    incidents: deaf,
    limits: {
      maxInFlightRecords: setting.maxInFlightRecords,
      maxInFlightBytes: 64 * 1024 * 1024,
      replayShare: 0,
      maxAttempts: 5,
      retryInPlaceMs: 10_000,
      backoffBaseMs: 25,
      backoffMaxMs: 5_000,
      holdMaxMs: 120_000,
      maxUncommittedSpan: 100_000,
      maxPollSilenceMs: Infinity,
      gateSettleMs: 1_000
    }
  })
  for (let partition = 0; partition < setting.partitions; partition++) engine.open({ topic: TOPIC, partition })
  const source = new RecordSource(setting.partitions)
  const pass = async (untilMs: number): Promise<void> => {
    while (clock.now() < untilMs) {
      while (engine.available >= CHUNK_RECORDS) {
        engine.receive(source.poll(CHUNK_RECORDS))
        await turn()
      }
      clock.advance(Math.max(0, clock.nextAt - clock.now()))
      await turn()
    }
  }
  await pass(WARM_UP_MS)
  const before = engine.settledTotal
  table.forget()
  queues.forget()
  await pass(WARM_UP_MS + MEASURED_MS)
  const settled = engine.settledTotal - before
  engine.shutDown()
  return {
    'events/s': settled * 1000 / (clock.now() - WARM_UP_MS),
    'rows per write': table.recordsPerCall,
    'messages per send': queues.recordsPerCall,
    'groups per send': queues.groupsPerCall
  }
}

/** Hears everything and does nothing. */
const deaf = new Proxy({}, { get: () => () => {} }) as Observer & Incidents

function examinerOf (random: Random): Examiner<Parcel> {
  return {
    examine: async chunk => chunk.map(({ partition, offset }) => {
      const client = `Client_${random.below(CLIENTS)}`
      return { class: 'valid', payload: { uid: `${partition} ${offset}`, client, group: `${client}:${partition}` } }
    }),
    close: async () => {}
  }
}

type StageShape = Pick<Stage<Parcel>, 'name' | 'orderKey' | 'concurrency'> & Partial<Stage<Parcel>> & { readonly maxRecords: number }

/** Calls that take their time, and of which a share of records fails. */
class Calls {
  readonly #failure: Outcome
  readonly #world: { readonly clock: ManualClock, readonly random: Random, readonly setting: LaneSetting }
  #calls = 0
  #records = 0
  #groups = 0

  constructor (failure: Outcome, world: { readonly clock: ManualClock, readonly random: Random, readonly setting: LaneSetting }) {
    this.#failure = failure
    this.#world = world
  }

  get recordsPerCall (): number {
    return this.#records / this.#calls
  }

  get groupsPerCall (): number {
    return this.#groups / this.#calls
  }

  forget (): void {
    this.#calls = this.#records = this.#groups = 0
  }

  stage ({ maxRecords, ...shape }: StageShape): Stage<Parcel> {
    return {
      batch: { maxRecords, maxBytes: 1024 * 1024, lingerMs: 10 },
      bytes: () => 200,
      run: async flights => await this.#run(flights),
      ...shape
    }
  }

  async #run (flights: ReadonlyArray<Flight<Parcel>>): Promise<readonly Outcome[]> {
    const { clock, random, setting } = this.#world
    this.#calls++
    this.#records += flights.length
    this.#groups += new Set(flights.map(flight => flight.payload.group)).size
    const outcomes = flights.map(() => random.fraction() < setting.failShare ? this.#failure : DONE)
    await new Promise<void>(resolve => { clock.setTimer(resolve, setting.callMs * (1 + random.fraction() * JITTER)) })
    return outcomes
  }
}
