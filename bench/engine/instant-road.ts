import { systemClock } from '../../src/engine/clock.js'
import { Engine } from '../../src/engine/engine.js'
import { type EngineLimits } from '../../src/engine/engine-options.js'
import { type Examiner, type Verdict } from '../../src/engine/examiner.js'
import { type Flight } from '../../src/engine/flight.js'
import { type Incidents, type Observer } from '../../src/engine/observer.js'
import { DONE, type Outcome } from '../../src/engine/outcome.js'
import { type SourceRecord } from '../../src/engine/record.js'
import { type Stage } from '../../src/engine/stage.js'
import { PARTITIONS, RecordSource, TOPIC } from './record-source.js'

const CLIENTS = ['Client_A', 'Client_B', 'Client_C', 'Client_D']
const UIDS = 65_536
const UID_BYTES = 36
const POLLS_A_COMMIT = 20
/** The defaults of the service; nothing here ever waits. */
const LIMITS: EngineLimits = {
  maxInFlightRecords: 8_000,
  maxInFlightBytes: 64 * 1024 * 1024,
  replayShare: 0.1,
  maxAttempts: 5,
  retryInPlaceMs: 10_000,
  backoffBaseMs: 25,
  backoffMaxMs: 5_000,
  holdMaxMs: 120_000,
  maxUncommittedSpan: 100_000,
  maxPollSilenceMs: Infinity,
  gateSettleMs: 1_000
}

interface Parcel {
  readonly uid: string
  readonly client: string
  readonly group: string
}

/** The road of an event, without its systems: every call is done in the next turn of the event loop. */
export function createInstantRoad (observer: Observer & Incidents): { run (records: number, chunkRecords: number, polled: () => void): Promise<void> } {
  const calls = new Calls()
  const engine = new Engine<Parcel>({
    examiner,
    stages: [
      calls.stage({ name: 'table', maxRecords: 25, maxPerLane: 1, coalesce: 'latest', orderKey: ({ payload }) => payload.uid }),
      calls.stage({ name: 'queues', maxRecords: 10, forgetsAfterMs: 300_000, batchKey: ({ payload }) => payload.client, orderKey: ({ payload }) => payload.group })
    ],
    deadLetters: calls.stage({ name: 'dead-letters', maxRecords: 10, orderKey: () => '' }),
    retryQueue: calls.stage({ name: 'retry', maxRecords: 10, orderKey: () => '' }),
    clock: systemClock,
    random: Math.random,
    observer,
    incidents: observer,
    limits: LIMITS
  })
  for (let partition = 0; partition < PARTITIONS; partition++) engine.open({ topic: TOPIC, partition })
  const source = new RecordSource()
  return {
    async run (records, chunkRecords, polled) {
      const end = engine.settledTotal + records
      let polls = 0
      for (let left = records; engine.settledTotal < end;) {
        engine.polled()
        if (left > 0 && engine.available >= chunkRecords) {
          engine.receive(source.poll(chunkRecords))
          left -= chunkRecords
          polled()
          if (++polls % POLLS_A_COMMIT === 0) engine.committed(engine.committable())
        }
        await new Promise(resolve => { setImmediate(resolve) })
        calls.end()
      }
      engine.shutDown()
    }
  }
}

/** Knows the payloads without looking. */
export const examiner: Examiner<Parcel> = {
  examine: async chunk => chunk.map(verdictOf),
  close: async () => {}
}

const uids = Buffer.from(Array.from({ length: UIDS }, (_, index) => `a0237613-828d-4bce-8a7e-${index.toString(16).padStart(12, '0')}`).join(''))
const groups = CLIENTS.map(client => Array.from({ length: PARTITIONS }, (_, partition) => `${client}:${partition}`))

/** The uid is a string of its own, as a worker's answer gives it. */
function verdictOf ({ partition, offset }: SourceRecord): Verdict<Parcel> {
  const at = (offset * PARTITIONS + partition) % UIDS * UID_BYTES
  const client = offset % CLIENTS.length
  return { class: 'valid', payload: { uid: uids.toString('latin1', at, at + UID_BYTES), client: CLIENTS[client] ?? '', group: groups[client]?.[partition] ?? '' } }
}

type StageShape = Pick<Stage<Parcel>, 'name' | 'orderKey'> & Partial<Stage<Parcel>> & { readonly maxRecords: number }

class Calls {
  #open: Array<() => void> = []
  readonly #answers: ReadonlyArray<readonly Outcome[]> = Array.from({ length: 26 }, (_, length) => new Array<Outcome>(length).fill(DONE))

  stage ({ maxRecords, ...shape }: StageShape): Stage<Parcel> {
    return {
      batch: { maxRecords, maxBytes: 1024 * 1024, lingerMs: 10 },
      concurrency: 16,
      bytes: () => 200,
      run: async flights => await this.#call(flights),
      ...shape
    }
  }

  async #call (flights: ReadonlyArray<Flight<Parcel>>): Promise<readonly Outcome[]> {
    await new Promise<void>(resolve => { this.#open.push(resolve) })
    return this.#answers[flights.length] ?? []
  }

  /** Ends all calls under way. */
  end (): void {
    const open = this.#open
    this.#open = []
    for (const resolve of open) resolve()
  }
}
