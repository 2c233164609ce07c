import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { findSchemaIds } from '../../src/cli/produce/routing.js'
import { provisionRouting } from '../../src/cli/provision/provision-routing.js'
import { isFailure } from '../../src/cli/provision/step.js'
import { valueSubject } from '../../src/cli/value-subject.js'
import { type SourceRecord } from '../../src/engine/record.js'
import { LedgerWriter, type RoutingEntry } from '../../src/generator/ledger.js'
import { type ProduceControls, type ProduceSummary } from '../../src/generator/produce-records.js'
import { produceRouting, toRoutingEntry } from '../../src/generator/routing/produce-routing.js'
import { type RoutingRecord } from '../../src/generator/routing/routing-generator.js'
import { chooseRoutingKinds } from '../../src/generator/routing/routing-kinds.js'
import { type RoutingSchemaIds } from '../../src/generator/routing/routing-value.js'
import { renderDifferences } from '../../src/proof/proof-rows.js'
import { readEnds } from '../../src/proof/read-ends.js'
import { readTopic } from '../../src/proof/read-topic.js'
import { proveRouting, type RoutingProof, type RoutingProofOptions } from '../../src/proof/routing/prove-routing.js'
import { loadConfig, type RoutingConfig } from '../../src/service/config/load-config.js'
import { eventually } from './eventually.js'
import { locatedEntries } from './located-entries.js'
import { sendRecords } from './send-records.js'
import { TestService } from './service.js'
import { createTestFolder, type TestScope } from './stack.js'

const CREATE_TIMEOUT_MS = 60_000
const DONE_TIMEOUT_MS = 240_000

type Environment = Readonly<Record<string, string>>

export interface RoutingRoadOptions {
  /** Of the source topic and the group, and the beginning of all other names: tests of one file share the servers, nothing else. */
  readonly name: string
  readonly servers: { readonly kafka: string, readonly registry: string }
  readonly partitions?: number
  readonly replicationFactor?: number
  /** Knobs of every service of this road. */
  readonly knobs?: Environment
}

export interface RoutingProduce extends Omit<ProduceControls, 'ledger'> {
  readonly count: number
  /** Producers, each with keys of its own. */
  readonly origins?: number
  readonly fanOutShare?: number
  readonly invalidShare?: number
  readonly invalidKinds?: readonly string[]
  readonly seed?: number
  /** Otherwise a record that was not acknowledged is an error. */
  readonly mayFail?: boolean
}

/** Topics, subjects and a consumer group of a test's own, and the ledger of what it produces. */
export class RoutingRoad {
  readonly config: RoutingConfig
  readonly ledger: string
  readonly #t: TestScope
  readonly #options: RoutingRoadOptions
  readonly #environment: Environment
  #schemas: Promise<RoutingSchemaIds> | undefined

  private constructor (t: TestScope, options: RoutingRoadOptions) {
    this.#t = t
    this.#options = options
    this.#environment = environmentOf(options)
    this.config = loadConfig(this.#environment, 'routing').config
    this.ledger = join(createTestFolder(t), 'ledger.ndjson')
  }

  static async create (t: TestScope, options: RoutingRoadOptions): Promise<RoutingRoad> {
    const road = new RoutingRoad(t, options)
    await road.provision()
    return road
  }

  /** Creates those of its topics and subjects that do not exist. */
  async provision (): Promise<void> {
    const { partitions = 3, replicationFactor = 1 } = this.#options
    const steps = await provisionRouting(this.config, { partitions, replicationFactor, timeoutMs: CREATE_TIMEOUT_MS })
    const failed = steps.find(isFailure)
    if (failed !== undefined) throw new Error(`${failed.kind} ${failed.name} could not be created: ${failed.detail}`)
  }

  /** What a service of this road is started with. */
  environment (knobs: Environment = {}): Environment {
    return { ...this.#environment, ...knobs }
  }

  /** `nodeArgs` reach every process and thread of it. */
  async startService (knobs: Environment = {}, nodeArgs: readonly string[] = []): Promise<TestService> {
    return await TestService.start(this.#t, this.environment(knobs), nodeArgs, 'routing')
  }

  /** Sends records straight to Kafka and writes the ledger. `resume`: goes on after those of an earlier call. Asks the registry once. */
  async produce ({ count, origins = 5, fanOutShare = 0, invalidShare = 0, invalidKinds, seed = 1, mayFail = false, ...controls }: RoutingProduce): Promise<ProduceSummary> {
    const { kafka, routing } = this.config
    const summary = await produceRouting({
      ...controls,
      kafka: { ...kafka, compression: 'lz4' },
      topic: routing.topic,
      ledger: this.ledger,
      count,
      seed,
      originServiceType: 'financial',
      originServiceIds: Array.from({ length: origins }, (_, index) => String(123_456 + index)),
      destinations: DESTINATIONS,
      fanOutShare,
      invalidShare,
      kinds: chooseRoutingKinds(invalidKinds),
      schemas: await this.schemas(),
      now: Date.now
    })
    if (summary.failed > 0 && !mayFail) throw new Error(`${summary.failed} records were not produced; the first: ${summary.firstFailure}`)
    return summary
  }

  /** Sends these very records, in their order, behind those of earlier calls; the ledger is one that `produce` has not begun. */
  async send (records: readonly RoutingRecord[]): Promise<void> {
    const { kafka, routing: { topic } } = this.config
    const ledger = existsSync(this.ledger) ? await LedgerWriter.resume(this.ledger) : await LedgerWriter.create(this.ledger, {})
    await sendRecords(records, { kafka: { ...kafka, compression: 'none' }, topic, keyOf: record => record.key, toEntry: toRoutingEntry, ledger })
  }

  /** Of what producers write; asks the registry once. */
  async schemas (): Promise<RoutingSchemaIds> {
    return await (this.#schemas ??= findSchemaIds(this.config, this.config.routing.topic))
  }

  async entries (): Promise<RoutingEntry[]> {
    return await locatedEntries<RoutingEntry>(this.ledger, this.config.kafka, this.config.routing.topic)
  }

  /** What the group has committed, by partition; of partitions of which it has. */
  async committed (): Promise<Map<number, number>> {
    const { kafka, routing } = this.config
    const ends = await readEnds(kafka, routing.topic, kafka.groupId)
    return new Map(ends.flatMap(({ partition, committed }) => committed === undefined ? [] : [[partition, committed] as const]))
  }

  /** How many records the group has not committed yet. */
  async lag (): Promise<number> {
    const { kafka, routing } = this.config
    const ends = await readEnds(kafka, routing.topic, kafka.groupId)
    return ends.reduce((lag, { low, end, committed }) => lag + end - (committed ?? low), 0)
  }

  /** Waits until the group has committed everything. */
  async isWorkedOff (services: readonly TestService[], timeoutMs = DONE_TIMEOUT_MS): Promise<void> {
    await eventually('every offset is committed', async () => await this.lag() === 0, {
      timeoutMs, state: async () => `lag ${await this.lag()}\n${services.map(service => service.tail).join('\n')}`
    })
  }

  /** Every topic against the ledger. `problems` is empty when everything agrees. */
  async prove (tolerate: RoutingProofOptions['tolerate'] = {}): Promise<{ proof: RoutingProof, problems: string }> {
    const { kafka, routing, registry } = this.config
    const proof = await proveRouting({
      ledger: this.ledger,
      kafka,
      topic: routing.topic,
      deadLetterTopic: routing.deadLetterTopic,
      groupId: kafka.groupId,
      processorId: routing.processorId,
      destinations: routing.destinations,
      registryUrl: registry.url,
      inputSubject: valueSubject(routing.topic),
      tolerate
    })
    return { proof, problems: renderDifferences(proof.differences) }
  }

  async read (topic: string): Promise<SourceRecord[]> {
    const records: SourceRecord[] = []
    await readTopic(this.config.kafka, topic, record => { records.push(record) })
    return records
  }

  /** The topic of a destination. */
  outputTopic (destination: string): string {
    return outputTopic(this.#options, destination)
  }
}

/** As producers spell them. */
export const DESTINATIONS = ['FINANCE', 'marketing', 'Logistics'] as const

function environmentOf (options: RoutingRoadOptions): Environment {
  const { name, servers, knobs = {} } = options
  const destinations = DESTINATIONS.map(destination => [destination.toUpperCase(), { output_topic: outputTopic(options, destination), output_subject: `${name}.to.consumer-value` }])
  return {
    KAFKA_BROKERS: servers.kafka,
    KAFKA_GROUP_ID: name,
    SCHEMA_REGISTRY_URL: servers.registry,
    ROUTING_TOPIC: name,
    ROUTING_DESTINATIONS: JSON.stringify(Object.fromEntries(destinations)),
    ADMIN_PORT: '0',
    VALIDATION_THREADS: '1',
    ...knobs
  }
}

function outputTopic ({ name }: RoutingRoadOptions, destination: string): string {
  return `${name}.to.${destination.toLowerCase()}`
}
