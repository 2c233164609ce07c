import { setTimeout as delay } from 'node:timers/promises'
import { type Test } from 'tap'
import { producerConfig } from '../../../src/connectors/kafka/client-config.js'
import { DeliveryProducer } from '../../../src/connectors/kafka/delivery-producer.js'
import { type KafkaLog } from '../../../src/connectors/kafka/kafka-log.js'
import { systemClock } from '../../../src/engine/clock.js'
import { type Random } from '../../../src/generator/random.js'
import { toEventRecord } from '../../../src/ingest/event-log-record.js'
import { readEnds } from '../../../src/proof/read-ends.js'
import { type DeliveryDestination } from '../../../src/service/config/delivery-destination.js'
import { DeliveryRoad } from '../../helpers/delivery-road.js'
import { type TestService } from '../../helpers/service.js'
import { DeliveryTarget, MEMBER_HEADER } from './delivery-target.js'
import { judgeDelivery } from './delivery-verdict.js'
import { type Hooks } from './hooks/hooks.js'
import { expectPromises } from './promises.js'
import { randomOf, RUN_SEED } from './seed.js'

/** The only destination of a run. */
const DESTINATION = 'hooks'
const BATCHES_A_SECOND = 20
const BACKLOG_BATCH = 500

export interface DeliveryRunOptions {
  /** Of the topic, and the beginning of the group and of the dead-letter topic. */
  readonly name: string
  readonly kafka: string
  readonly partitions: number
  /** Events are dealt out to them in turn. */
  readonly users: number
  readonly destination?: Partial<DeliveryDestination>
  readonly knobs: Readonly<Record<string, string>>
}

export interface DeliveryLoad {
  readonly count: number
  /** As fast as it goes when absent. */
  readonly ratePerSecond?: number
  readonly signal?: AbortSignal
}

/**
 * One experiment with the destinations' half of the delivery pipeline: an event log on a real Kafka that only the run
 * writes to, a recording destination, services as processes of their own, and in the end the verdict.
 */
export class DeliveryRun {
  readonly name: string
  readonly road: DeliveryRoad
  readonly target: DeliveryTarget
  /** Of the run's own; the seed is printed. */
  readonly random: Random
  /** All that were ever started. */
  readonly services: TestService[] = []
  /** Values by id; those of an event that was not acknowledged too. */
  readonly sent: ReadonlyMap<string, Buffer>
  /** Ids of what is in the topic for certain. */
  readonly acknowledged = new Set<string>()
  readonly #t: Test
  readonly #users: number
  readonly #values: Map<string, Buffer>
  readonly #producer: DeliveryProducer

  private constructor (t: Test, { name, users }: DeliveryRunOptions, road: DeliveryRoad, target: DeliveryTarget, values: Map<string, Buffer>) {
    this.#t = t
    this.#users = users
    this.#values = values
    this.name = name
    this.road = road
    this.target = target
    this.sent = values
    this.random = randomOf(name)
    const { kafka, producer } = road.config
    const log = new Proxy({}, { get: () => () => {} }) as KafkaLog
    this.#producer = new DeliveryProducer({ properties: producerConfig({ ...kafka, ...producer, clientId: 'producer-of-the-run' }), log, clock: systemClock })
    t.teardown(() => this.#producer.close())
  }

  static async create (t: Test, options: DeliveryRunOptions): Promise<DeliveryRun> {
    const { name, kafka, partitions, knobs, destination } = options
    t.comment(`${name}: FAULTS_SEED=${RUN_SEED}`)
    const values = new Map<string, Buffer>()
    const target = new DeliveryTarget(values)
    const road = await DeliveryRoad.create(t, {
      name, kafka, partitions, destinations: { [DESTINATION]: { ...destination, behaviour: target.behaviour } }, knobs: { ...knobs, DELIVERY_PARTS: 'destinations' }
    })
    return new DeliveryRun(t, options, road, target, values)
  }

  /** A service that has started, and whose requests say its `KAFKA_CLIENT_ID`; `hooks` do wrong inside its process. */
  async start (clientId: string, knobs: Readonly<Record<string, string>> = {}, hooks?: Hooks): Promise<TestService> {
    const service = await this.road.startService(
      { ...knobs, KAFKA_CLIENT_ID: clientId, ...hooks?.environment }, { nodeArgs: hooks?.nodeArgs, headers: { [MEMBER_HEADER]: clientId } }
    )
    this.services.push(service)
    return service
  }

  /** Events of all users in turn, each payload its number among those of its user. Resolves when they are acknowledged. */
  async produce ({ count, ratePerSecond, signal }: DeliveryLoad): Promise<void> {
    const batch = ratePerSecond === undefined ? BACKLOG_BATCH : Math.ceil(ratePerSecond / BATCHES_A_SECOND)
    const startedAt = performance.now()
    for (let made = 0; made < count && signal?.aborted !== true; made += batch) {
      if (ratePerSecond !== undefined) await delay(Math.max(0, startedAt + made * 1000 / ratePerSecond - performance.now()))
      await this.#append(Math.min(batch, count - made))
    }
  }

  /** Different events that the destination has taken so far. */
  get delivered (): number {
    return this.target.taken.ids.size
  }

  /** What the group has committed, by partition. */
  async committed (): Promise<ReadonlyMap<number, number>> {
    const { kafka, delivery } = this.road.config
    const ends = await readEnds(kafka, delivery.topic, this.groupId)
    return new Map(ends.flatMap(({ partition, committed }) => committed === undefined ? [] : [[partition, committed]]))
  }

  get groupId (): string {
    return this.road.config.delivery.groupPrefix + DESTINATION
  }

  /**
   * Waits until everything is worked off, and asserts what must hold. Prints the figures. Call it after the faults have
   * ended, with a service alive that can do the work. `repeats`: most events that may have been taken twice.
   */
  async finish ({ repeats }: { readonly repeats: number }): Promise<void> {
    const alive = this.services.find(service => !service.hasExited)
    if (alive === undefined) throw new Error('no service is left to do the work')
    await this.road.isWorkedOff(alive, DESTINATION)
    expectPromises(this.#t, this.name, await judgeDelivery(this, DESTINATION, repeats))
  }

  async #append (count: number): Promise<void> {
    const records = Array.from({ length: count }, (_, index) => this.#event(this.#values.size + index))
    for (const { id, value } of records) this.#values.set(id, value)
    const failures = await this.#producer.deliver(records)
    if (failures !== undefined) throw new Error(`events were not produced; ${failures.find(failure => failure !== undefined)?.message ?? ''}`)
    for (const { id } of records) this.acknowledged.add(id)
  }

  #event (index: number) {
    const id = `evt_${this.name}_${index}`
    const record = toEventRecord(this.road.config.delivery.topic, {
      id, tenant: 'default', user_id: `user_${index % this.#users}`, payload: String(Math.floor(index / this.#users)), received_at: new Date().toISOString()
    })
    return { id, ...record }
  }
}
