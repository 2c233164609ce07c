import { join } from 'node:path'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { SQSClient } from '@aws-sdk/client-sqs'
import { createQueue } from '../../src/cli/provision/queues.js'
import { type Step } from '../../src/cli/provision/step.js'
import { createTable } from '../../src/cli/provision/table.js'
import { createTopics } from '../../src/cli/provision/topics.js'
import { type TopicPlan } from '../../src/connectors/kafka/admin.js'
import { deadLetterTopic, sourceTopic } from '../../src/connectors/kafka/definition.js'
import { clientQueueDefinition, clientQueueName, retryQueueDefinition } from '../../src/connectors/sqs/definition.js'
import { type GeneratedRecord } from '../../src/generator/event-generator.js'
import { type LedgerEntry, LedgerWriter } from '../../src/generator/ledger.js'
import { keyOfEvent, produceEvents, type ProduceOptions, toEntry } from '../../src/generator/produce-events.js'
import { type ProduceSummary } from '../../src/generator/produce-records.js'
import { CLIENTS } from '../../src/generator/valid-event.js'
import { countMessages } from '../../src/proof/drain-queue.js'
import { type Proof, type ProofOptions, proveEvents } from '../../src/proof/prove-events.js'
import { readEnds } from '../../src/proof/read-ends.js'
import { readTopic } from '../../src/proof/read-topic.js'
import { renderDifferences } from '../../src/proof/proof-rows.js'
import { type SourceRecord } from '../../src/engine/record.js'
import { type EventsConfig, loadConfig } from '../../src/service/config/load-config.js'
import { eventually } from './eventually.js'
import { locatedEntries } from './located-entries.js'
import { sendRecords } from './send-records.js'
import { TestService } from './service.js'
import { createTestFolder, type TestScope } from './stack.js'

const REGION = 'eu-west-1'
const CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' } as const
const CREATE_TIMEOUT_MS = 60_000
const DONE_TIMEOUT_MS = 240_000

type Environment = Readonly<Record<string, string>>

/** Where the servers are. `aws` instead of both: an endpoint that stands in for the table and the queues. */
export type Servers =
  | { readonly kafka: string, readonly dynamodb: string, readonly sqs: string }
  | { readonly kafka: string, readonly aws: string }

export interface RoadOptions {
  /** Of topic, table and group, and the beginning of the queues' names: tests of one file share the servers, nothing else. */
  readonly name: string
  readonly servers: Servers
  readonly partitions?: number
  readonly replicationFactor?: number
  /** Of the source topic; wins over what `penstock create` would choose. */
  readonly topicConfig?: Readonly<Record<string, string>>
  /** Knobs of every service of this road. */
  readonly knobs?: Environment
  /** Clients whose queues are not created. */
  readonly withoutQueues?: readonly string[]
  readonly withoutDeadLetterTopic?: boolean
  readonly deadLetterMaxBytes?: number
}

export type Produce = Omit<ProduceOptions, 'to' | 'ledger'> & {
  readonly key?: 'none' | 'uid' | 'client'
  /** Otherwise a record that was not acknowledged is an error. */
  readonly mayFail?: boolean
}

/** A topic, its dead letters, a table, queues and a consumer group of a test's own, and the ledger of what it produces. */
export class EventsRoad {
  readonly config: EventsConfig
  readonly ledger: string
  readonly #options: RoadOptions
  readonly #t: TestScope
  readonly #environment: Environment
  readonly dynamodb: DynamoDBClient
  readonly sqs: SQSClient

  private constructor (t: TestScope, options: RoadOptions) {
    this.#t = t
    this.#options = options
    this.#environment = environmentOf(options)
    this.config = loadConfig(this.#environment, 'events').config
    this.ledger = join(createTestFolder(t), 'ledger.ndjson')
    const common = { region: REGION, credentials: CREDENTIALS }
    this.dynamodb = new DynamoDBClient({ ...common, endpoint: this.#environment.AWS_ENDPOINT_URL_DYNAMODB ?? '' })
    this.sqs = new SQSClient({ ...common, endpoint: this.#environment.AWS_ENDPOINT_URL_SQS ?? '', useQueueUrlAsEndpoint: false })
    t.teardown(() => {
      this.dynamodb.destroy()
      this.sqs.destroy()
    })
  }

  static async create (t: TestScope, options: RoadOptions): Promise<EventsRoad> {
    const road = new EventsRoad(t, options)
    await road.#provision()
    return road
  }

  /** What a service of this road is started with. */
  environment (knobs: Environment = {}): Environment {
    return { ...this.#environment, ...knobs }
  }

  async startService (knobs: Environment = {}): Promise<TestService> {
    return await TestService.start(this.#t, this.environment(knobs))
  }

  /** Sends records straight to Kafka and writes the ledger. `resume`: goes on after those of an earlier call. */
  async produce ({ key = 'none', mayFail = false, ...options }: Produce): Promise<ProduceSummary> {
    const summary = await produceEvents({
      ...options, to: { kafka: { ...this.config.kafka, compression: 'lz4' }, topic: this.config.events.topic, key }, ledger: this.ledger
    })
    if (summary.failed > 0 && !mayFail) throw new Error(`${summary.failed} records were not produced; the first: ${summary.firstFailure}`)
    return summary
  }

  /** Sends these very records, in their order, and writes the ledger. */
  async send (records: readonly GeneratedRecord[], { key }: { readonly key: 'none' | 'uid' | 'client' }): Promise<void> {
    const { kafka, events: { topic } } = this.config
    await sendRecords(records, { kafka: { ...kafka, compression: 'none' }, topic, keyOf: keyOfEvent(key), toEntry, ledger: await LedgerWriter.create(this.ledger, {}) })
  }

  async entries (): Promise<LedgerEntry[]> {
    return await locatedEntries<LedgerEntry>(this.ledger, this.config.kafka, this.config.events.topic)
  }

  queueUrl (client: string): string {
    return this.config.sqs.queueUrls[client] ?? ''
  }

  get retryQueueUrl (): string {
    return queueUrl(this.#environment, this.config.retry.queue)
  }

  async createClientQueue (client: string): Promise<void> {
    refuseFailure(await createQueue(this.sqs, { ...clientQueueDefinition(client), name: this.#queueName(client) }, false))
  }

  async createSourceTopic (): Promise<void> {
    const plan = sourceTopic(this.config.events.topic, this.#topicSettings)
    await this.#createTopics([{ ...plan, config: { ...plan.config, ...this.#options.topicConfig } }])
  }

  async createDeadLetterTopic (maxMessageBytes?: number): Promise<void> {
    const plan = deadLetterTopic(this.config.events.deadLetterTopic, this.#topicSettings)
    await this.#createTopics([maxMessageBytes === undefined ? plan : { ...plan, config: { ...plan.config, 'max.message.bytes': String(maxMessageBytes) } }])
  }

  /** What the group has committed, by partition; of partitions of which it has. */
  async committed (): Promise<Map<number, number>> {
    const ends = await readEnds(this.config.kafka, this.config.events.topic, this.config.kafka.groupId)
    return new Map(ends.flatMap(({ partition, committed }) => committed === undefined ? [] : [[partition, committed] as const]))
  }

  /** How many records the group has not committed yet. */
  async lag (): Promise<number> {
    const ends = await readEnds(this.config.kafka, this.config.events.topic, this.config.kafka.groupId)
    return ends.reduce((lag, { low, end, committed }) => lag + end - (committed ?? low), 0)
  }

  /** Waits until the group has committed everything and the retry queue is empty. */
  async isWorkedOff (services: readonly TestService[], timeoutMs = DONE_TIMEOUT_MS): Promise<void> {
    const state = (): string => services.map(service => service.tail).join('\n')
    await eventually('every offset is committed', async () => await this.lag() === 0, { timeoutMs, state: async () => `lag ${await this.lag()}\n${state()}` })
    if (this.config.retry.queue === '') return
    await eventually('the retry queue is empty', async () => await countMessages(this.sqs, this.retryQueueUrl) === 0, { timeoutMs, state })
  }

  /** Every store against the ledger; needs real ones. `problems` is empty when everything agrees. */
  async prove (tolerate: ProofOptions['tolerate'] = {}): Promise<{ proof: Proof, problems: string }> {
    const { kafka, events } = this.config
    const proof = await proveEvents({
      ledger: this.ledger,
      kafka,
      topic: events.topic,
      deadLetterTopic: events.deadLetterTopic,
      groupId: kafka.groupId,
      dynamodb: this.dynamodb,
      table: events.table,
      sqs: this.sqs,
      queues: new Map(CLIENTS.map(client => [client, this.queueUrl(client)])),
      retryQueue: this.config.retry.queue === '' ? undefined : this.retryQueueUrl,
      tolerate
    })
    return { proof, problems: renderDifferences(proof.differences) }
  }

  async readDeadLetters (): Promise<SourceRecord[]> {
    const letters: SourceRecord[] = []
    await readTopic(this.config.kafka, this.config.events.deadLetterTopic, letter => { letters.push(letter) })
    return letters
  }

  async #provision (): Promise<void> {
    const { servers, withoutQueues = [], withoutDeadLetterTopic = false, deadLetterMaxBytes } = this.#options
    await this.createSourceTopic()
    if (!withoutDeadLetterTopic) await this.createDeadLetterTopic(deadLetterMaxBytes)
    if ('aws' in servers) return
    refuseFailure(await createTable(this.dynamodb, this.config.events.table, CREATE_TIMEOUT_MS))
    for (const client of CLIENTS) if (!withoutQueues.includes(client)) await this.createClientQueue(client)
    if (this.config.retry.queue !== '') refuseFailure(await createQueue(this.sqs, retryQueueDefinition(this.config.retry.queue), false))
  }

  get #topicSettings () {
    return { partitions: this.#options.partitions ?? 4, replicationFactor: this.#options.replicationFactor ?? 1, maxMessageBytes: this.config.kafka.maxMessageBytes }
  }

  async #createTopics (plans: readonly TopicPlan[]): Promise<void> {
    for (const step of await createTopics(this.config.kafka, plans, CREATE_TIMEOUT_MS)) refuseFailure(step)
  }

  #queueName (client: string): string {
    return `${this.#options.name}-${clientQueueName(client)}`
  }
}

function environmentOf ({ name, servers, knobs = {} }: RoadOptions): Environment {
  const [dynamodb, sqs] = 'aws' in servers ? [servers.aws, servers.aws] : [servers.dynamodb, servers.sqs]
  const places = { AWS_ENDPOINT_URL_DYNAMODB: dynamodb, AWS_ENDPOINT_URL_SQS: sqs }
  return {
    ...places,
    KAFKA_BROKERS: servers.kafka,
    KAFKA_GROUP_ID: name,
    EVENTS_TOPIC: name,
    EVENTS_TABLE: name,
    SQS_QUEUE_URLS: JSON.stringify(Object.fromEntries(CLIENTS.map(client => [client, queueUrl(places, `${name}-${clientQueueName(client)}`)]))),
    RETRY_QUEUE: `${name}-retry.fifo`,
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    ADMIN_PORT: '0',
    VALIDATION_THREADS: '1',
    ...knobs
  }
}

/** As ElasticMQ names them. */
function queueUrl ({ AWS_ENDPOINT_URL_SQS: endpoint }: Environment, name: string): string {
  return `${endpoint}/000000000000/${name}`
}

function refuseFailure ({ kind, name, result, detail }: Step): void {
  if (result === 'failed' || result === 'differs') throw new Error(`${kind} ${name} could not be created: ${detail}`)
}
