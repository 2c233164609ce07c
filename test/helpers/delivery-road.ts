import { provisionDelivery } from '../../src/cli/provision/provision-delivery.js'
import { isFailure } from '../../src/cli/provision/step.js'
import { type SourceRecord } from '../../src/engine/record.js'
import { type DeliveryEvent } from '../../src/pipelines/delivery/event.js'
import { readEnds } from '../../src/proof/read-ends.js'
import { readTopic } from '../../src/proof/read-topic.js'
import { type DeliveryDestination } from '../../src/service/config/delivery-destination.js'
import { type DeliveryConfig, loadConfig } from '../../src/service/config/load-config.js'
import { type Behaviour, DestinationServer } from './destination-server.js'
import { eventually } from './eventually.js'
import { TestService } from './service.js'
import { type TestScope } from './stack.js'

const CREATE_TIMEOUT_MS = 30_000
const DONE_TIMEOUT_MS = 120_000

type Environment = Readonly<Record<string, string>>

export interface DeliveryRoadOptions {
  /** Of the topic, and the beginning of groups and dead-letter topics: tests of one file share Kafka, nothing else. */
  readonly name: string
  readonly kafka: string
  readonly partitions?: number
  /** By name: what it does, and what its configuration says beside its URL. */
  readonly destinations: Readonly<Record<string, { readonly behaviour: Behaviour } & Partial<DeliveryDestination>>>
  /** Knobs of every service of this road. */
  readonly knobs?: Environment
  /** Leaves the topics to whoever needs them. */
  readonly withoutTopics?: boolean
}

export interface DeliveryServiceOptions {
  /** Reach every process and thread of it. */
  readonly nodeArgs?: readonly string[] | undefined
  /** Sent with each of its requests, so that a destination can tell services apart. */
  readonly headers?: Readonly<Record<string, string>>
}

/** An event log of a test's own, and destinations that are real HTTP servers. */
export class DeliveryRoad {
  readonly config: DeliveryConfig
  readonly servers: Readonly<Record<string, DestinationServer>>
  readonly #t: TestScope
  readonly #environment: Environment
  readonly #definitions: ReadonlyArray<Partial<DeliveryDestination>>

  private constructor (t: TestScope, environment: Environment, servers: Readonly<Record<string, DestinationServer>>, definitions: ReadonlyArray<Partial<DeliveryDestination>>) {
    this.#t = t
    this.#environment = { ...environment, ...withDestinations(definitions) }
    this.#definitions = definitions
    this.servers = servers
    this.config = loadConfig(this.#environment, 'delivery').config
  }

  static async create (t: TestScope, { name, kafka, partitions = 3, destinations, knobs = {}, withoutTopics = false }: DeliveryRoadOptions): Promise<DeliveryRoad> {
    const servers: Record<string, DestinationServer> = {}
    const definitions: Array<Partial<DeliveryDestination>> = []
    for (const [destination, { behaviour, ...settings }] of Object.entries(destinations)) {
      const server = await DestinationServer.start(behaviour)
      t.teardown(() => server.close())
      servers[destination] = server
      definitions.push({
        name: destination, url: server.url, allowHttp: true, allowedNetworks: ['127.0.0.1'], backoffBaseMs: 20, backoffMaxMs: 200, deadLetterTopic: `${name}.${destination}.dead-letters`, ...settings
      })
    }
    const road = new DeliveryRoad(t, {
      KAFKA_BROKERS: kafka,
      DELIVERY_TOPIC: name,
      DELIVERY_GROUP_PREFIX: `${name}-`,
      INGEST_PORT: '0',
      ADMIN_PORT: '0',
      ...knobs
    }, servers, definitions)
    if (withoutTopics) return road
    const steps = await provisionDelivery(road.config, { partitions, replicationFactor: 1, timeoutMs: CREATE_TIMEOUT_MS })
    const failed = steps.find(isFailure)
    if (failed !== undefined) throw new Error(`${failed.kind} ${failed.name} could not be created: ${failed.detail}`)
    return road
  }

  async startService (knobs: Environment = {}, { nodeArgs, headers }: DeliveryServiceOptions = {}): Promise<TestService> {
    const destinations = headers === undefined ? {} : withDestinations(this.#definitions.map(definition => ({ ...definition, headers: { ...definition.headers, ...headers } })))
    return await TestService.start(this.#t, { ...this.#environment, ...destinations, ...knobs }, nodeArgs, 'delivery')
  }

  /** Sends events as a client does, one after the other; each has been acknowledged. Returns their ids. */
  async send (service: TestService, events: ReadonlyArray<readonly [user: string, payload: string]>): Promise<string[]> {
    const { url } = await service.logged('accepting events')
    const ids: string[] = []
    for (const [user, payload] of events) {
      const id = await service.sees('the event is accepted', async () => {
        const response = await fetch(String(url), { method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ user_id: user, payload }) })
        const { id } = await response.json() as { id?: string }
        return response.status === 202 && id
      })
      ids.push(id)
    }
    return ids
  }

  /** What a destination received, in its order. */
  received (destination: string): DeliveryEvent[] {
    return this.#server(destination).received.map(({ body }) => JSON.parse(String(body)) as DeliveryEvent)
  }

  /** How many records a destination's group has not committed yet. */
  async lag (destination: string): Promise<number> {
    const { kafka, delivery } = this.config
    const ends = await readEnds(kafka, delivery.topic, delivery.groupPrefix + destination)
    return ends.reduce((lag, { low, end, committed }) => lag + end - (committed ?? low), 0)
  }

  /** Waits until a destination's group has committed everything. */
  async isWorkedOff (service: TestService, ...destinations: readonly string[]): Promise<void> {
    for (const destination of destinations) {
      await eventually(`every offset of ${destination} is committed`, async () => await this.lag(destination) === 0, {
        timeoutMs: DONE_TIMEOUT_MS, state: async () => `lag ${await this.lag(destination)}, received ${this.#server(destination).received.length}\n${service.tail}`
      })
    }
  }

  async deadLetters (destination: string): Promise<SourceRecord[]> {
    const records: SourceRecord[] = []
    const { deadLetterTopic } = this.config.delivery.destinations.find(({ name }) => name === destination)!
    await readTopic(this.config.kafka, deadLetterTopic, record => { records.push(record) })
    return records
  }

  #server (destination: string): DestinationServer {
    const server = this.servers[destination]
    if (server === undefined) throw new Error(`there is no destination ${destination}`)
    return server
  }
}

export function headerOf ({ headers }: SourceRecord, name: string): string | undefined {
  return headers.find(header => header[0] === name)?.[1]?.toString()
}

function withDestinations (definitions: ReadonlyArray<Partial<DeliveryDestination>>): Environment {
  return definitions.length === 0 ? {} : { DELIVERY_DESTINATIONS_JSON: JSON.stringify(definitions) }
}
