import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ChildServer, type LocalServer, type ServerLifetimeOptions } from './child-server.js'
import { formatProperties, javaArgs, STACK_FOLDER } from './jvm.js'
import { raiseFeature } from './kafka-features.js'
import { probeKafka } from './kafka-probe.js'
import { LOOPBACK } from './ports.js'

export interface KafkaOptions extends ServerLifetimeOptions {
  /** Holds the server's configuration and data. */
  readonly dir: string
  readonly logFile: string
  readonly port: number
  /** For the KRaft controller that runs in the same process. */
  readonly controllerPort: number
  /** 1 unless it is one of several. */
  readonly nodeId?: number
  /** All nodes of the cluster, this one included. Default: this one alone. */
  readonly voters?: readonly KafkaVoter[]
  /** The largest record batch the broker takes. Default 1 MiB + overhead, as Kafka's own. */
  readonly messageMaxBytes?: number
  /** Of topics that are created without a number of their own. */
  readonly defaultPartitions?: number
  /** See `JvmOptions`. */
  readonly optimize?: boolean
  /** Further broker properties; they win over ours. */
  readonly properties?: Readonly<Record<string, string | number>>
}

export interface KafkaVoter {
  readonly nodeId: number
  readonly controllerPort: number
}

export interface KafkaServer extends LocalServer {
  /** For `bootstrap.servers`. */
  readonly brokers: string
}

/** Any 22 characters of base64 will do; all nodes of a cluster share it. */
const CLUSTER_ID = 'UGVuc3RvY2tMb2NhbFN0Yw'

/** The group protocol of KIP-848. A broker offers it from this level on. */
const GROUP_PROTOCOL_FEATURE = { name: 'group.version', level: 1 }

const MESSAGE_MAX_BYTES = 1_048_588
const DEFAULT_PARTITIONS = 12
const MAX_HEAP_MB = 512

/** Apache Kafka in KRaft mode, broker and controller in one process. Keeps its data over `stop`, `kill` and `start`. */
export function createKafka (options: KafkaOptions): KafkaServer {
  const configFile = join(options.dir, 'server.properties')
  /** Features outlive restarts: they are in the cluster's metadata. */
  let featuresRaised = false
  const server = new ChildServer({
    name: options.nodeId === undefined ? 'Kafka' : `Kafka ${options.nodeId}`,
    command: 'java',
    args: javaArgs({
      maxHeapMb: MAX_HEAP_MB,
      optimize: options.optimize,
      classPath: [join(STACK_FOLDER, 'kafka', 'lib', '*')],
      systemProperties: { 'log4j2.configurationFile': `file:${join(STACK_FOLDER, 'log4j2.properties')}` },
      mainClass: 'kafka.Kafka',
      args: [configFile]
    }),
    logFile: options.logFile,
    prepare: () => prepare(options, configFile),
    probe: async signal => {
      await probeKafka(LOOPBACK, options.port, signal)
      if (!featuresRaised) await raiseFeature(LOOPBACK, options.port, GROUP_PROTOCOL_FEATURE, signal)
      featuresRaised = true
    },
    lifetime: options.lifetime,
    onSpawn: options.onSpawn
  })
  return Object.assign(server, { brokers: `${LOOPBACK}:${options.port}` })
}

async function prepare (options: KafkaOptions, configFile: string): Promise<void> {
  const dataDir = join(options.dir, 'data')
  await mkdir(dataDir, { recursive: true })
  await writeFile(configFile, formatProperties(brokerProperties(options, dataDir)))
  await formatStorage(dataDir, options.nodeId ?? 1)
}

/**
 * What `kafka-storage format` leaves behind, without the seconds of another JVM: the broker fills in the rest at its
 * first start, but for the features that are raised then.
 */
async function formatStorage (dataDir: string, nodeId: number): Promise<void> {
  const file = join(dataDir, 'meta.properties')
  if (existsSync(file)) return
  await writeFile(file, formatProperties({ version: 1, 'cluster.id': CLUSTER_ID, 'node.id': nodeId }))
}

function brokerProperties (options: KafkaOptions, dataDir: string): Record<string, string | number> {
  const { nodeId = 1, port, controllerPort, voters = [{ nodeId, controllerPort }] } = options
  const replicas = Math.min(voters.length, 3)
  const minInSync = Math.max(1, replicas - 1)
  return {
    'process.roles': 'broker,controller',
    'node.id': nodeId,
    'controller.quorum.voters': voters.map(voter => `${voter.nodeId}@${LOOPBACK}:${voter.controllerPort}`).join(','),
    listeners: `PLAINTEXT://${LOOPBACK}:${port},CONTROLLER://${LOOPBACK}:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://${LOOPBACK}:${port}`,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'inter.broker.listener.name': 'PLAINTEXT',
    'log.dirs': dataDir,

    // A topic that was forgotten is a mistake to be seen, not to be mended with defaults.
    'auto.create.topics.enable': 'false',
    'num.partitions': options.defaultPartitions ?? DEFAULT_PARTITIONS,
    'message.max.bytes': options.messageMaxBytes ?? MESSAGE_MAX_BYTES,
    'log.retention.hours': 168,

    'default.replication.factor': replicas,
    'min.insync.replicas': minInSync,
    'offsets.topic.replication.factor': replicas,
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': minInSync,
    'share.coordinator.state.topic.replication.factor': replicas,
    'share.coordinator.state.topic.min.isr': minInSync,

    // Groups start at once; short sessions, also of the newer group protocol, so that tests need not wait for the dead.
    'group.initial.rebalance.delay.ms': 0,
    'group.min.session.timeout.ms': 1_000,
    'group.consumer.min.session.timeout.ms': 1_000,
    'group.consumer.min.heartbeat.interval.ms': 500,
    'group.consumer.session.timeout.ms': 10_000,
    'group.consumer.heartbeat.interval.ms': 1_000,
    // After a SIGKILL the controller refuses the broker until its former session has ended.
    'broker.session.timeout.ms': 2_000,
    'broker.heartbeat.interval.ms': 500,

    // Small: few partitions of internal topics, few threads, small buffers.
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.num.partitions': 4,
    'share.coordinator.state.topic.num.partitions': 4,
    'num.network.threads': 2,
    'num.io.threads': 4,
    'background.threads': 2,
    'log.cleaner.dedupe.buffer.size': 4_194_304,
    'log.cleaner.io.buffer.size': 131_072,
    'log.segment.bytes': 67_108_864,
    'log.index.size.max.bytes': 1_048_576,
    ...options.properties
  }
}
