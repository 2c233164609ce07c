import rdkafka, { type KafkaConsumer, type LibrdKafkaError, type Metadata, type NewTopic, type Producer, type TopicPartitionOffset, type WatermarkOffsets } from 'node-rdkafka'
import { AppError, describeError } from '../../errors.js'
import { adminConfig, type KafkaSettings } from './client-config.js'
import { connectionFailure } from './client-log.js'

export interface TopicPlan {
  readonly name: string
  readonly partitions: number
  readonly replicationFactor: number
  readonly config: Readonly<Record<string, string>>
}

export interface TopicDescription {
  readonly name: string
  readonly partitions: readonly number[]
  /** The lowest number of replicas of any partition. */
  readonly replicas: number
}

export interface PartitionOffset {
  readonly topic: string
  readonly partition: number
  /** `undefined`: there is none. */
  readonly offset: number | undefined
}

/** https://kafka.apache.org/protocol.html#protocol_error_codes */
const TOPIC_ALREADY_EXISTS = 36
/** A group that has members takes commits from them alone. */
const OF_MEMBERS_ALONE: ReadonlySet<unknown> = new Set([22, 25])

/** Of a consumer that asks for nothing of a group. */
const NO_GROUP = 'penstock'

/** librdkafka keeps its own deadlines, mostly: this is the slack after which a call is given up whatever it does. */
const SLACK_MS = 2_000
const POLL_MS = 50

/**
 * Questions and orders to a cluster, each with a deadline that holds. Close it when done.
 * It describes topics from the metadata of all topics: asking for one by name may create it.
 */
export class KafkaAdmin {
  readonly #settings: KafkaSettings
  readonly #client: Producer
  readonly #timeoutMs: number
  #lastFailure: string | undefined
  #closed = false

  private constructor (settings: KafkaSettings, timeoutMs: number) {
    this.#settings = settings
    this.#timeoutMs = timeoutMs
    this.#client = new rdkafka.Producer(adminConfig(settings))
    this.#client.on('event.log', line => { this.#remember(line) })
  }

  /** Rejects with UNAVAILABLE and the client's last words when no broker answers in time. */
  static async connect (settings: KafkaSettings, timeoutMs: number): Promise<KafkaAdmin> {
    const admin = new KafkaAdmin(settings, timeoutMs)
    // A producer hears why it can not connect only while it is polled.
    const poller = setInterval(() => { if (admin.#client.isConnected()) admin.#client.poll() }, POLL_MS)
    try {
      await admin.#ask<Metadata>('connecting', done => admin.#client.connect({ timeout: timeoutMs }, done))
    } catch (error) {
      clearInterval(poller) // a client must not be polled while it is being freed
      await admin.close()
      throw error
    }
    clearInterval(poller)
    return admin
  }

  async brokers (): Promise<string[]> {
    const metadata = await this.#metadata()
    return metadata.brokers.map(broker => `${broker.host}:${broker.port}`)
  }

  /** In the order asked; `undefined` for a topic that does not exist. */
  async describeTopics (names: readonly string[]): Promise<Array<TopicDescription | undefined>> {
    const metadata = await this.#metadata()
    return names.map(name => {
      const topic = metadata.topics.find(candidate => candidate.name === name)
      if (topic === undefined || topic.partitions.length === 0) return undefined
      return {
        name,
        partitions: topic.partitions.map(partition => partition.id).sort((a, b) => a - b),
        replicas: Math.min(...topic.partitions.map(partition => partition.replicas.length))
      }
    })
  }

  /** Resolves once the cluster's metadata has it. */
  async createTopic (plan: TopicPlan): Promise<'created' | 'existed'> {
    const topic: NewTopic = {
      topic: plan.name,
      num_partitions: plan.partitions,
      replication_factor: plan.replicationFactor,
      config: { ...plan.config }
    }
    const admin = rdkafka.AdminClient.create(adminConfig(this.#settings))
    try {
      await this.#ask<undefined>(`creating topic ${plan.name}`, done => admin.createTopic(topic, this.#timeoutMs, error => done(error, undefined)))
    } catch (error) {
      if (error instanceof AppError && isKafkaError(error.cause) && error.cause.code === TOPIC_ALREADY_EXISTS) return 'existed'
      throw error
    } finally {
      admin.disconnect()
    }
    await this.#awaitTopic(plan.name)
    return 'created'
  }

  async watermarks (topic: string, partition: number): Promise<{ low: number, high: number }> {
    const offsets = await this.#ask<WatermarkOffsets>(`asking for the offsets of ${topic}`, done =>
      this.#client.queryWatermarkOffsets(topic, partition, this.#timeoutMs, done))
    return { low: offsets.lowOffset, high: offsets.highOffset }
  }

  /** By partition: the first offset whose record is not older than `timestamp`; `undefined` where there is none. */
  async firstSince (timestamp: number, topic: string, partitions: readonly number[]): Promise<PartitionOffset[]> {
    const offsets = await this.#asGroup(NO_GROUP, async consumer => await this.#ask<TopicPartitionOffset[]>(`asking for times of ${topic}`, done => {
      consumer.offsetsForTimes(partitions.map(partition => ({ topic, partition, offset: timestamp })), this.#timeoutMs, done)
    }))
    return offsets.map(toPartitionOffset)
  }

  /** What a group has committed. Joins nothing: the group's members are not disturbed. */
  async committed (groupId: string, topic: string, partitions: readonly number[]): Promise<PartitionOffset[]> {
    return await this.#asGroup(groupId, async consumer => await this.#committedBy(consumer, groupId, topic, partitions))
  }

  /** Gives a group its place in a topic, before it has any member. One that has committed anything there, or has members, keeps what it has. */
  async placeGroup (groupId: string, topic: string, partitions: readonly number[], at: 'beginning' | 'end'): Promise<'placed' | 'kept'> {
    return await this.#asGroup(groupId, async consumer => {
      const committed = await this.#committedBy(consumer, groupId, topic, partitions)
      if (committed.some(({ offset }) => offset !== undefined)) return 'kept'
      const places = await Promise.all(partitions.map(async partition => {
        const { low, high } = await this.watermarks(topic, partition)
        return { topic, partition, offset: at === 'end' ? high : low }
      }))
      try {
        consumer.commitSync(places)
        return 'placed'
      } catch (error) {
        if (isKafkaError(error) && OF_MEMBERS_ALONE.has(error.code)) return 'kept'
        throw this.#failure(`placing group ${groupId}`, describeError(error), error)
      }
    })
  }

  async close (): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await disconnect(this.#client)
  }

  async #asGroup<T> (groupId: string, action: (consumer: KafkaConsumer) => Promise<T>): Promise<T> {
    const consumer = new rdkafka.KafkaConsumer({ ...adminConfig(this.#settings), 'group.id': groupId, 'enable.auto.commit': false }, {})
    consumer.on('event.log', line => { this.#remember(line) })
    try {
      await this.#ask<Metadata>('connecting', done => consumer.connect({ timeout: this.#timeoutMs }, done))
      return await action(consumer)
    } finally {
      await disconnect(consumer)
    }
  }

  async #committedBy (consumer: KafkaConsumer, groupId: string, topic: string, partitions: readonly number[]): Promise<PartitionOffset[]> {
    const offsets = await this.#ask<TopicPartitionOffset[]>(`asking for the offsets of group ${groupId}`, done =>
      consumer.committed(partitions.map(partition => ({ topic, partition })), this.#timeoutMs, done))
    return offsets.map(toPartitionOffset)
  }

  #metadata (): Promise<Metadata> {
    return this.#ask<Metadata>('asking for the topics', done => this.#client.getMetadata({ timeout: this.#timeoutMs }, done))
  }

  async #awaitTopic (name: string): Promise<void> {
    const deadline = performance.now() + this.#timeoutMs
    while (performance.now() < deadline) {
      const [topic] = await this.describeTopics([name])
      if (topic !== undefined) return
      await new Promise(resolve => setTimeout(resolve, POLL_MS))
    }
    throw new AppError('TIMEOUT', `topic ${name} was created but does not appear`)
  }

  #ask<T> (what: string, call: (done: (error: LibrdKafkaError | null | undefined, result: T) => void) => unknown): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(this.#failure(what, 'no answer in time', undefined)), this.#timeoutMs + SLACK_MS)
      const done = (error: LibrdKafkaError | null | undefined, result: T): void => {
        clearTimeout(timer)
        if (error === null || error === undefined) resolve(result)
        else reject(this.#failure(what, describeError(error), error))
      }
      try {
        call(done)
      } catch (error) {
        clearTimeout(timer)
        reject(this.#failure(what, describeError(error), error))
      }
    })
  }

  #remember (line: unknown): void {
    this.#lastFailure = connectionFailure(line) ?? this.#lastFailure
  }

  #failure (what: string, reason: string, cause: unknown): AppError {
    const why = this.#lastFailure === undefined ? '' : ` (${this.#lastFailure})`
    return new AppError('UNAVAILABLE', `${what}: ${reason}${why}`, { cause })
  }
}

function toPartitionOffset ({ topic, partition, offset }: TopicPartitionOffset): PartitionOffset {
  return { topic, partition, offset: typeof offset === 'number' && offset >= 0 ? offset : undefined }
}

/** `disconnect` may never call back; whoever asked does not wait longer for it than for anything else. */
function disconnect (client: Producer | KafkaConsumer): Promise<void> {
  if (!client.isConnected()) return Promise.resolve()
  return new Promise(resolve => {
    const timer = setTimeout(resolve, SLACK_MS)
    client.disconnect(() => {
      clearTimeout(timer)
      resolve()
    })
  })
}

function isKafkaError (error: unknown): error is LibrdKafkaError {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'number'
}
