import { type Test } from 'tap'
import { type Fault } from '../../../bench/recording-endpoint/faults.js'
import { startRecordingEndpoint, type RecordingEndpoint } from '../../../bench/recording-endpoint/recording-endpoint.js'
import { type ProduceSummary } from '../../../src/generator/produce-records.js'
import { type Random } from '../../../src/generator/random.js'
import { EventsRoad, type Produce } from '../../helpers/events-road.js'
import { TestService } from '../../helpers/service.js'
import { type Hooks } from './hooks/hooks.js'
import { expectPromises, type Verdict } from './promises.js'
import { randomOf, RUN_SEED } from './seed.js'
import { judge, type Expectation } from './verdict.js'

type Environment = Readonly<Record<string, string>>

export interface FaultRunOptions {
  /** Of topic, table, group and queues; unique in its file. */
  readonly name: string
  /** `bootstrap.servers` of a real Kafka. */
  readonly kafka: string
  readonly partitions?: number
  readonly replicationFactor?: number
  /** Of the source topic. */
  readonly topicConfig?: Readonly<Record<string, string>>
  /** Knobs of every service of the run. */
  readonly knobs?: Environment
  /** Clients whose queues do not exist. */
  readonly missingQueues?: readonly string[]
  readonly withoutDeadLetterTopic?: boolean
}

export interface FinishOptions extends Expectation {
  readonly timeoutMs?: number
}

/**
 * One experiment: a topic on a real Kafka, an endpoint that stands in for table and queues and does wrong what it is
 * told to, services as processes of their own, and in the end the verdict on everything that each of them did.
 */
export class FaultRun {
  readonly name: string
  readonly road: EventsRoad
  readonly endpoint: RecordingEndpoint
  /** Of the run's own; the seed is printed. */
  readonly random: Random
  /** All that were ever started. */
  readonly services: TestService[] = []
  readonly #t: Test
  #unknownOutcomes = 0

  private constructor (t: Test, name: string, road: EventsRoad, endpoint: RecordingEndpoint) {
    this.#t = t
    this.name = name
    this.road = road
    this.endpoint = endpoint
    this.random = randomOf(name)
  }

  static async create (t: Test, { name, kafka, missingQueues = [], ...options }: FaultRunOptions): Promise<FaultRun> {
    t.comment(`${name}: FAULTS_SEED=${RUN_SEED}`)
    const endpoint = await startRecordingEndpoint()
    t.teardown(() => endpoint.close())
    endpoint.control({ seed: RUN_SEED, missingQueues: missingQueues.map(client => queueOf(name, client)) })
    const road = await EventsRoad.create(t, { name, servers: { kafka, aws: endpoint.url }, ...options })
    return new FaultRun(t, name, road, endpoint)
  }

  /** A service that has started; `hooks` do wrong inside its process. */
  async start (knobs: Environment = {}, hooks?: Hooks): Promise<TestService> {
    const service = await TestService.start(this.#t, this.road.environment({ ...knobs, ...hooks?.environment }), hooks?.nodeArgs)
    this.services.push(service)
    return service
  }

  /** Replaces the faults in force. That each was met is asserted when the run is finished. */
  arm (...faults: readonly Fault[]): void {
    this.endpoint.control({ faults })
  }

  /** All faults of the endpoint end, and every queue exists. */
  heal (): void {
    this.endpoint.control({ faults: [], missingQueues: [] })
  }

  /** Writes the ledger. Records whose delivery failed may be in the topic or not; they are produced again by `resume`. */
  async produce (options: Produce): Promise<ProduceSummary> {
    const summary = await this.road.produce(options)
    this.#unknownOutcomes += summary.failed
    return summary
  }

  /** Messages that queues have accepted so far. */
  get accepted (): number {
    return this.endpoint.recorder.report(false).messagesAccepted
  }

  queueOf (client: string): string {
    return queueOf(this.name, client)
  }

  /**
   * Waits until everything is worked off, reads every store to its end, and asserts what must hold. Prints the figures.
   * Call it after the faults have ended, with services alive that can do the work.
   */
  async finish ({ timeoutMs, ...expectation }: FinishOptions = {}): Promise<Verdict> {
    const alive = this.services.filter(service => !service.hasExited)
    await this.road.isWorkedOff(alive, timeoutMs)
    const verdict = await judge(this, { ...expectation, unknownOutcomes: this.#unknownOutcomes })
    expectPromises(this.#t, this.name, verdict)
    for (const { name, hits } of this.endpoint.hits()) this.#t.ok(hits > 0, `the fault "${name}" was met`)
    return verdict
  }
}

/** As test roads name them. */
function queueOf (road: string, client: string): string {
  return `${road}-${client}.fifo`
}
