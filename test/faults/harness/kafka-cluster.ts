import { join } from 'node:path'
import rdkafka, { type LibrdKafkaError, type Metadata } from 'node-rdkafka'
import { adminConfig, type KafkaSettings } from '../../../src/connectors/kafka/client-config.js'
import { createKafka, type KafkaOptions, type KafkaServer } from '../../../src/stack/kafka.js'
import { findFreePort } from '../../../src/stack/ports.js'
import { createTestFolder, type TestScope } from '../../helpers/stack.js'
import { findCoordinator } from './kafka-request.js'

const NODE_IDS = [1, 2, 3] as const
const TIMEOUT_MS = 10_000

interface Node {
  readonly port: number
  readonly server: KafkaServer
}

/** Three brokers that are controllers as well: topics have three replicas, and a write is on two of them before it counts. */
export class KafkaCluster {
  /** Of all brokers, for `bootstrap.servers`. */
  readonly brokers: string
  readonly #nodes: ReadonlyMap<number, Node>

  private constructor (nodes: ReadonlyMap<number, Node>) {
    this.#nodes = nodes
    this.brokers = [...nodes.values()].map(({ server }) => server.brokers).join(',')
  }

  /** Ends with the test. */
  static async start (t: TestScope, properties: NonNullable<KafkaOptions['properties']> = {}): Promise<KafkaCluster> {
    const dir = createTestFolder(t)
    const places = await Promise.all(NODE_IDS.map(async nodeId => ({ nodeId, port: await findFreePort(), controllerPort: await findFreePort() })))
    const nodes = new Map(places.map(place => [place.nodeId as number, {
      port: place.port,
      server: createKafka({ ...place, dir: join(dir, String(place.nodeId)), logFile: join(dir, `kafka-${place.nodeId}.log`), voters: places, properties })
    }]))
    t.teardown(async () => { await Promise.all([...nodes.values()].map(({ server }) => server.kill())) })
    await Promise.all([...nodes.values()].map(({ server }) => server.start()))
    return new KafkaCluster(nodes)
  }

  get nodeIds (): readonly number[] {
    return [...this.#nodes.keys()]
  }

  /** Which node leads this partition now. */
  async leaderOf (kafka: KafkaSettings, topic: string, partition: number): Promise<number> {
    const leader = (await this.leaders(kafka)).get(`${topic}-${partition}`)
    if (leader === undefined || leader < 0) throw new Error(`${topic}-${partition} has no leader now`)
    return leader
  }

  /** Which node leads each partition of each topic now, by `topic-partition`; -1 where none does. */
  async leaders (kafka: KafkaSettings): Promise<ReadonlyMap<string, number>> {
    const client = new rdkafka.Producer(adminConfig(kafka))
    try {
      const metadata = await new Promise<Metadata>((resolve, reject) => {
        client.connect({ timeout: TIMEOUT_MS, allTopics: true }, (error: LibrdKafkaError | null, metadata) => {
          if (error === null || error === undefined) resolve(metadata)
          else reject(new Error(error.message))
        })
      })
      return new Map(metadata.topics.flatMap(({ name, partitions }) => partitions.map(({ id, leader }) => [`${name}-${id}`, leader] as const)))
    } finally {
      await new Promise<void>(resolve => { client.disconnect(() => { resolve() }) })
    }
  }

  /** Which node coordinates this group, as any that runs says. */
  async coordinatorOf (group: string): Promise<number> {
    const running = [...this.#nodes.values()].find(({ server }) => server.pid !== undefined)
    if (running === undefined) throw new Error('no broker runs')
    return await findCoordinator(running.port, group)
  }

  async kill (nodeId: number): Promise<void> {
    await this.#node(nodeId).server.kill()
  }

  /** With the data it had, and waits until it answers. */
  async start (nodeId: number): Promise<void> {
    await this.#node(nodeId).server.start()
  }

  async killAll (): Promise<void> {
    await Promise.all([...this.#nodes.keys()].map(nodeId => this.kill(nodeId)))
  }

  async startAll (): Promise<void> {
    await Promise.all([...this.#nodes.keys()].map(nodeId => this.start(nodeId)))
  }

  /** Neither dead nor alive, until it goes on. */
  signal (nodeId: number, signal: 'SIGSTOP' | 'SIGCONT'): void {
    process.kill(this.#node(nodeId).server.pid ?? NaN, signal)
  }

  #node (nodeId: number): Node {
    const node = this.#nodes.get(nodeId)
    if (node === undefined) throw new Error(`there is no node ${nodeId}`)
    return node
  }
}
