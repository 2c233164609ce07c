import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ChildServer, type LocalServer, type ServerLifetimeOptions } from './child-server.js'
import { probeHttp } from './http-probe.js'
import { formatProperties, javaArgs, STACK_FOLDER } from './jvm.js'
import { LOOPBACK } from './ports.js'

export interface KafkaConnectOptions extends ServerLifetimeOptions {
  readonly dir: string
  readonly logFile: string
  readonly port: number
  readonly brokers: string
}

export interface KafkaConnectServer extends LocalServer {
  /** Of its REST interface. */
  readonly url: string
}

const MAX_HEAP_MB = 512
const STRING_CONVERTER = 'org.apache.kafka.connect.storage.StringConverter'

/** One Kafka Connect worker in distributed mode: its connectors and their positions are kept in Kafka. */
export function createKafkaConnect (options: KafkaConnectOptions): KafkaConnectServer {
  const configFile = join(options.dir, 'connect.properties')
  const url = `http://${LOOPBACK}:${options.port}`
  const server = new ChildServer({
    name: 'Kafka Connect',
    command: 'java',
    args: javaArgs({
      maxHeapMb: MAX_HEAP_MB,
      classPath: [join(STACK_FOLDER, 'connect', 'lib', '*')],
      systemProperties: { 'log4j2.configurationFile': `file:${join(STACK_FOLDER, 'log4j2.properties')}` },
      mainClass: 'org.apache.kafka.connect.cli.ConnectDistributed',
      args: [configFile]
    }),
    logFile: options.logFile,
    prepare: async () => {
      await mkdir(options.dir, { recursive: true })
      await writeFile(configFile, formatProperties(workerProperties(options)))
    },
    probe: signal => probeHttp(`${url}/connectors`, { signal }),
    lifetime: options.lifetime,
    onSpawn: options.onSpawn
  })
  return Object.assign(server, { url })
}

function workerProperties ({ brokers, port }: KafkaConnectOptions): Record<string, string | number> {
  return {
    'bootstrap.servers': brokers,
    'group.id': 'connect',
    listeners: `http://${LOOPBACK}:${port}`,
    'rest.advertised.host.name': LOOPBACK,
    'key.converter': STRING_CONVERTER,
    'value.converter': STRING_CONVERTER,
    'config.storage.topic': '_connect_configs',
    'offset.storage.topic': '_connect_offsets',
    'status.storage.topic': '_connect_status',
    'config.storage.replication.factor': 1,
    'offset.storage.replication.factor': 1,
    'status.storage.replication.factor': 1,
    'offset.storage.partitions': 1,
    'status.storage.partitions': 1,
    'offset.flush.interval.ms': 1_000,
    'scheduled.rebalance.max.delay.ms': 0,
    // Scanning every class of the class path takes three times the memory.
    'plugin.discovery': 'service_load'
  }
}
