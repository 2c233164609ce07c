import { type Test } from 'tap'
import { type ProduceSummary } from '../../../src/generator/produce-records.js'
import { type Random } from '../../../src/generator/random.js'
import { DESTINATIONS, type RoutingProduce, RoutingRoad, type RoutingRoadOptions } from '../../helpers/routing-road.js'
import { type TestService } from '../../helpers/service.js'
import { type Hooks } from './hooks/hooks.js'
import { OutputWatch } from './output-watch.js'
import { expectPromises } from './promises.js'
import { judgeRouting, type RoutingExpectation, type RoutingVerdict } from './routing-verdict.js'
import { randomOf, RUN_SEED } from './seed.js'

/**
 * Of a broker on which a run takes place: a message's time is that of its append, so that a commit before it can be told
 * from one behind it.
 */
export const APPEND_TIMES = { 'log.message.timestamp.type': 'LogAppendTime' } as const

export interface RoutingFinish extends RoutingExpectation {
  readonly timeoutMs?: number
}

/**
 * One experiment with the routing pipeline: its topics on a real Kafka, its schemas in a real registry, services as
 * processes of their own, and in the end the verdict on every topic.
 */
export class RoutingRun {
  readonly name: string
  readonly road: RoutingRoad
  /** Of the run's own; the seed is printed. */
  readonly random: Random
  /** All that were ever started. */
  readonly services: TestService[] = []
  readonly #t: Test
  readonly #outputs: OutputWatch

  private constructor (t: Test, name: string, road: RoutingRoad, outputs: OutputWatch) {
    this.#t = t
    this.name = name
    this.road = road
    this.random = randomOf(name)
    this.#outputs = outputs
  }

  static async create (t: Test, options: RoutingRoadOptions): Promise<RoutingRun> {
    const { name } = options
    t.comment(`${name}: FAULTS_SEED=${RUN_SEED}`)
    const road = await RoutingRoad.create(t, options)
    return new RoutingRun(t, name, road, await OutputWatch.start(t, road.config.kafka, DESTINATIONS.map(destination => road.outputTopic(destination))))
  }

  /** A service that has started; `hooks` do wrong inside its process. */
  async start (knobs: Readonly<Record<string, string>> = {}, hooks?: Hooks): Promise<TestService> {
    const service = await this.road.startService({ ...knobs, ...hooks?.environment }, hooks?.nodeArgs)
    this.services.push(service)
    return service
  }

  /** Writes the ledger. */
  async produce (options: RoutingProduce): Promise<ProduceSummary> {
    return await this.road.produce(options)
  }

  /** Messages in the topics of all destinations so far, repetitions among them. */
  get delivered (): number {
    return this.#outputs.count
  }

  /**
   * Waits until everything is worked off, reads every topic to its end, and asserts what must hold. Prints the figures.
   * Call it after the faults have ended, with services alive that can do the work.
   */
  async finish ({ timeoutMs, ...expectation }: RoutingFinish = {}): Promise<RoutingVerdict> {
    await this.road.isWorkedOff(this.services.filter(service => !service.hasExited), timeoutMs)
    const verdict = await judgeRouting(this, expectation)
    expectPromises(this.#t, this.name, verdict)
    return verdict
  }
}
