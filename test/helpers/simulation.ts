import { type Examiner } from '../../src/engine/examiner.js'
import { type Flight } from '../../src/engine/flight.js'
import { DONE, environment, poison, transient, type Outcome } from '../../src/engine/outcome.js'
import { type SourceRecord } from '../../src/engine/record.js'
import { Random } from '../../src/generator/random.js'
import { clientOf, FakeReplay, recordOf, rig, TOPIC, verdictOf, type Parcel, type Rig, type RigOptions } from './engine.js'
import { type FakeCall } from './fake-stage.js'
import { turn } from './manual-clock.js'

const PARTITIONS = 3
const RECORDS = 60
const STEPS = 160
const LONGEST_REST_MS = 3_600_000

export interface SimulationResult {
  readonly problems: readonly string[]
  /** How often the schedule met what it is meant to meet. */
  readonly seen: Readonly<Record<string, number>>
}

/**
 * Runs one random schedule: polls, examinations and calls that end in any order with any outcome, rebalances, replays.
 * Then everything heals, and the run must come to rest. What the road did is checked against the engine's promises.
 */
export async function simulate (seed: number): Promise<SimulationResult> {
  const simulation = new Simulation(new Random(seed, 0))
  await simulation.run()
  return { problems: simulation.problems, seen: simulation.seen }
}

class Simulation {
  readonly problems: string[] = []
  readonly #random: Random
  readonly #rig: Rig
  readonly #examinations: Array<() => void> = []
  readonly #open: Array<FakeCall<Parcel>> = []
  /** By partition: the next offset to poll, or undefined while it is not assigned. */
  readonly #next: Array<number | undefined> = []
  /** By partition: what the broker has as committed. */
  readonly #committed: number[] = []
  /** By partition: what every offset is. */
  readonly #log: string[][] = []
  /** Offsets that had an end: passed the last stage, dead letter, handed over; as `partition:offset`. */
  readonly #ends = new Set<string>()
  readonly #waiting: FakeReplay[] = []
  /** Keys of lanes in calls under way, by stage. */
  readonly #busy = new Map<string, Set<string>>()
  /** By stage and lane: the last offset that passed in this life of the partition. */
  readonly #passed = new Map<string, number>()
  readonly #clean: boolean
  #rebalances = 0
  #healed = false

  constructor (random: Random) {
    this.#random = random
    this.#clean = random.below(4) === 0
    for (let partition = 0; partition < PARTITIONS; partition++) {
      this.#committed.push(0)
      this.#log.push(Array.from({ length: RECORDS }, () => random.below(20) === 0 ? 'poison' : `${random.pick(['a', 'b'])}/${random.pick(['x', 'y', 'z'])}`))
    }
    const strict = random.below(3) === 0
    this.#rig = rig({
      ...this.#roadOptions(strict),
      examiner: this.#examiner(),
      random: () => random.fraction(),
      limits: { maxInFlightRecords: random.pick([20, 60, 500]), maxAttempts: random.pick([1, 2, 4]), retryInPlaceMs: random.pick([0, 50, 500]), holdMaxMs: random.pick([500, 5_000]), maxUncommittedSpan: random.pick([15, 1_000]) }
    })
  }

  get seen (): Record<string, number> {
    return { ...this.#rig.counts.told, rebalances: this.#rebalances }
  }

  async run (): Promise<void> {
    for (let partition = 0; partition < PARTITIONS; partition++) this.#assign(partition)
    for (let step = 0; step < STEPS && this.problems.length === 0; step++) {
      await this.#step()
      this.#check()
    }
    await this.#comeToRest()
    this.#checkRest()
    this.#rig.engine.shutDown()
  }

  #roadOptions (strict: boolean): Pick<RigOptions, 'stages' | 'deadLetters' | 'retryQueue'> {
    const watch = (stage: string, lane: (flight: Flight<Parcel>) => string, maxPerLane: number) => (call: FakeCall<Parcel>): undefined => {
      this.#callBegins(stage, call, lane, maxPerLane)
    }
    const table = (flight: Flight<Parcel>): string => `${flight.payload.client}${flight.payload.lane}`
    const group = (flight: Flight<Parcel>): string => `${flight.payload.client}:${flight.record.partition}`
    const partition = (flight: Flight<Parcel>): string => String(flight.record.partition)
    return {
      stages: [
        { name: 'table', batch: { maxRecords: 5, lingerMs: 5 }, concurrency: 3, orderKey: table, coalesce: 'latest', answer: watch('table', table, 1) },
        { name: 'queues', batch: { maxRecords: 4, maxBytes: 12, lingerMs: 5 }, concurrency: 2, batchKey: clientOf, orderKey: partition, ...(strict ? { maxPerLane: 1 } : {}), answer: watch('queues', group, strict ? 1 : 4) }
      ],
      deadLetters: { orderKey: partition, concurrency: 2, answer: watch('dead-letters', partition, 10) },
      retryQueue: strict ? null : { orderKey: table, answer: watch('retry', table, 10) }
    }
  }

  #examiner (): Examiner<Parcel> {
    return {
      examine: async chunk => await new Promise((resolve, reject) => {
        this.#examinations.push(() => {
          if (!this.#healed && this.#random.below(10) === 0) reject(new Error('planted'))
          else resolve(chunk.map(verdictOf))
        })
      }),
      close: async () => {}
    }
  }

  async #step (): Promise<void> {
    const dice = this.#random.below(100)
    if (dice < 25) this.#poll()
    else if (dice < 40) this.#examine()
    else if (dice < 75) this.#endCall()
    else if (dice < 78) await this.#rebalance()
    else if (dice < 81) this.#takeReplays()
    else if (dice < 84) this.#commit()
    else this.#rig.clock.advance(this.#random.pick([1, 5, 20, 200, 1_000]))
    await turn()
  }

  #assign (partition: number): void {
    this.#rig.engine.open({ topic: TOPIC, partition })
    this.#next[partition] = this.#committed[partition]
    for (const key of this.#passed.keys()) if (key.endsWith(`@${partition}`)) this.#passed.delete(key)
  }

  #poll (): void {
    const { engine } = this.#rig
    engine.polled()
    const records: SourceRecord[] = []
    const blocked = engine.blocked().map(({ partition }) => partition)
    let credit = Math.min(8, engine.available)
    for (const partition of [0, 1, 2]) {
      const log = this.#log[partition] as string[]
      let next = this.#next[partition]
      if (next === undefined || blocked.includes(partition)) continue
      while (credit > 0 && next < log.length) {
        records.push(recordOf(partition, next, log[next] as string))
        next++
        credit--
      }
      this.#next[partition] = next
    }
    engine.receive(records)
  }

  #examine (): void {
    const [examination] = this.#examinations.splice(this.#random.below(this.#examinations.length), 1)
    examination?.()
  }

  #endCall (): void {
    const index = this.#random.below(this.#open.length)
    const call = this.#open[index]
    if (call === undefined) return
    this.#open.splice(index, 1)
    this.#callEnds(call)
  }

  async #rebalance (): Promise<void> {
    this.#rebalances++
    const partition = this.#random.below(PARTITIONS)
    const { engine } = this.#rig
    const place = { topic: TOPIC, partition }
    if (this.#next[partition] === undefined) {
      this.#assign(partition)
      return
    }
    this.#next[partition] = undefined
    if (this.#random.below(3) === 0) {
      engine.close([place])
      return
    }
    const drained = engine.drain([place], 300)
    for (let step = 0; step < 8; step++) {
      this.#endCall()
      await turn()
      this.#rig.clock.advance(this.#random.pick([1, 20, 100]))
      await turn()
    }
    this.#rig.clock.advance(300)
    await turn()
    await drained
    this.#check()
    this.#commit([partition])
    engine.close([place])
  }

  #takeReplays (): void {
    const { engine } = this.#rig
    const taken = this.#waiting.splice(0, engine.replayAvailable)
    engine.replay(taken)
    for (const replay of taken) this.#taken.push(replay)
  }

  readonly #taken: FakeReplay[] = []

  #commit (only?: readonly number[]): void {
    const offsets = this.#rig.engine.committable(only?.map(partition => ({ topic: TOPIC, partition })))
    for (const { partition, offset } of offsets) {
      for (let below = this.#committed[partition] as number; below < offset; below++) {
        if (!this.#ends.has(`${partition}:${below}`)) this.problems.push(`offset ${offset} of partition ${partition} was committed, and ${below} has no end`)
      }
      if (offset < (this.#committed[partition] as number)) this.problems.push(`the commit of partition ${partition} went back to ${offset}`)
      this.#committed[partition] = offset
    }
    this.#rig.engine.committed(offsets)
  }

  #callBegins (stage: string, call: FakeCall<Parcel>, lane: (flight: Flight<Parcel>) => string, maxPerLane: number): void {
    this.#open.push(call)
    const busy = this.#busy.get(stage) ?? new Set()
    this.#busy.set(stage, busy)
    const inCall = new Map<string, number[]>()
    for (const flight of call.flights) {
      if (flight.settled || flight.origin.closed) this.problems.push(`${stage} was sent a record that has its end`)
      const key = lane(flight)
      inCall.set(key, [...inCall.get(key) ?? [], flight.origin.replay ? -1 : flight.offset])
    }
    for (const [key, offsets] of inCall) {
      if (busy.has(key)) this.problems.push(`${stage}: lane ${key} is in two calls`)
      busy.add(key)
      if (offsets.length > maxPerLane) this.problems.push(`${stage}: ${offsets.length} records of lane ${key} in one call`)
    }
    this.#details.set(call, { stage, lanes: [...inCall.keys()] })
  }

  readonly #details = new WeakMap<FakeCall<Parcel>, { stage: string, lanes: string[] }>()

  #callEnds (call: FakeCall<Parcel>): void {
    const { stage, lanes } = this.#details.get(call) as { stage: string, lanes: string[] }
    for (const lane of lanes) this.#busy.get(stage)?.delete(lane)
    const outcomes = call.signal.aborted && this.#random.below(2) === 0
      ? call.flights.map(() => transient('ABORTED', 'given up'))
      : this.#outcomes(stage, call)
    for (const [index, flight] of call.flights.entries()) if (outcomes[index]?.class === 'done') this.#recordPassed(stage, flight)
    call.end(outcomes)
  }

  #outcomes (stage: string, call: FakeCall<Parcel>): readonly Outcome[] {
    const sink = stage === 'dead-letters'
    if (this.#healed || this.#clean) return call.flights.map(() => DONE)
    const dice = this.#random.below(20)
    if (dice === 0) return call.flights.map(() => transient('TIMEOUT', 'planted'))
    if (dice === 1) return call.flights.map(() => environment(this.#random.pick(['stage', 'key']), 'THROTTLED', 'planted'))
    if (dice === 2) return call.flights.map(() => transient('UNPROCESSED', 'planted', { throttled: true }))
    return call.flights.map(() => {
      const one = this.#random.below(20)
      if (one < 3) return transient('ENTRY_FAILED', 'planted')
      return one === 3 && !sink ? poison('REFUSED', 'planted') : DONE
    })
  }

  #recordPassed (stage: string, flight: Flight<Parcel>): void {
    if (flight.settled || flight.origin.closed) return
    const { partition, offset } = flight.origin.replay ? { partition: -1, offset: -1 } : { partition: flight.record.partition, offset: flight.offset }
    if (stage !== 'table' && partition >= 0) this.#ends.add(`${partition}:${offset}`)
    if (stage === 'retry') this.#waiting.push(new FakeReplay(flight.offset, `${flight.payload.client}/${flight.payload.lane}`, flight.retryCount))
    if (stage === 'queues' && partition >= 0 && this.#clean) {
      const key = `${flight.payload.client}@${partition}`
      const last = this.#passed.get(key) ?? -1
      if (offset < last) this.problems.push(`order: ${offset} after ${last} in ${key}`)
      this.#passed.set(key, offset)
    }
  }

  #check (): void {
    const { engine } = this.#rig
    for (const { partition, watermark, unsettled } of engine.partitions()) {
      for (let below = this.#committed[partition] as number; below < watermark; below++) {
        if (!this.#ends.has(`${partition}:${below}`)) this.problems.push(`the watermark ${watermark} of partition ${partition} passes ${below}, which has no end`)
      }
      if (unsettled < 0) this.problems.push('a record was settled twice')
    }
    const { records, bytes, replays } = engine.inFlight
    if (records < 0 || bytes < 0 || replays < 0) this.problems.push('more credit came back than was taken')
    if (records !== engine.partitions().reduce((sum, { unsettled }) => sum + unsettled, 0)) this.problems.push('the credit differs from what the windows hold')
  }

  /** Everything heals; all that is left must find its end unaided. */
  async #comeToRest (): Promise<void> {
    this.#healed = true
    for (let partition = 0; partition < PARTITIONS; partition++) if (this.#next[partition] === undefined) this.#assign(partition)
    const { clock } = this.#rig
    const deadline = clock.now() + LONGEST_REST_MS
    while (clock.now() < deadline && !this.#atRest && this.problems.length === 0) {
      this.#poll()
      while (this.#examinations.length > 0) this.#examine()
      while (this.#open.length > 0) this.#endCall()
      this.#takeReplays()
      this.#requeuePostponed()
      clock.advance(100)
      await turn()
      this.#check()
    }
    this.#commit()
  }

  #requeuePostponed (): void {
    for (const replay of this.#taken.splice(0)) {
      if (replay.end === undefined) this.#taken.push(replay)
      else if (replay.end !== 'done') this.#waiting.push(new FakeReplay(replay.record.offset, String(replay.record.value), replay.attempts))
    }
  }

  get #atRest (): boolean {
    const { records, replays } = this.#rig.engine.inFlight
    return records === 0 && replays === 0 && this.#waiting.length === 0 && this.#taken.length === 0 && this.#next.every(next => next === RECORDS)
  }

  #checkRest (): void {
    if (this.problems.length > 0) return
    const { engine } = this.#rig
    if (!this.#atRest) this.problems.push(`not at rest: ${JSON.stringify({ inFlight: engine.inFlight, next: this.#next, waiting: this.#waiting.length, taken: this.#taken.length, holds: engine.holds(), partitions: engine.partitions(), open: this.#open.length })}`)
    for (const [partition, committed] of this.#committed.entries()) {
      if (committed !== RECORDS) this.problems.push(`partition ${partition} is committed up to ${committed} of ${RECORDS}`)
    }
  }
}
