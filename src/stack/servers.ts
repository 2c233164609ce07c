import { join } from 'node:path'
import { type LocalServer, type ServerLifetimeOptions } from './child-server.js'
import { createDynamoDbLocal, type DynamoDbLocalServer } from './dynamodb-local.js'
import { createElasticMq, type ElasticMqServer } from './elasticmq.js'
import { createKafkaConnect, type KafkaConnectServer } from './kafka-connect.js'
import { createKafka, type KafkaServer } from './kafka.js'
import { createSchemaRegistry, type SchemaRegistryServer } from './schema-registry.js'

/** The servers of the local stack by the name they have everywhere: options, results, state file, command line. */
export interface Servers {
  kafka: KafkaServer
  connect: KafkaConnectServer
  dynamodb: DynamoDbLocalServer
  elasticmq: ElasticMqServer
  registry: SchemaRegistryServer
}

export type ServerName = keyof Servers

/** What `stack up` starts. The registry has to be asked for: it is fetched only then, and only some pipelines need it. */
export const USUAL_SERVERS: readonly ServerName[] = ['kafka', 'connect', 'dynamodb', 'elasticmq']

/** Those that start without another. */
export const INDEPENDENT_SERVERS = ['dynamodb', 'elasticmq', 'registry'] as const satisfies readonly ServerName[]

/** The ports these servers have by custom. Kafka's second one is its controller's. */
export const KNOWN_PORTS: Readonly<Record<ServerName, readonly number[]>> = {
  kafka: [9092, 9093],
  connect: [8083],
  dynamodb: [8000],
  elasticmq: [9324],
  registry: [8081]
}

export interface ServerSettings {
  readonly kafka?: {
    readonly messageMaxBytes?: number
    /** As in production, for load that lasts; else it starts quickly. */
    readonly optimize?: boolean
    readonly properties?: Readonly<Record<string, string | number>>
  }
  readonly dynamodb?: {
    /** Keep the tables over a stop and start. Default: in memory, about ten times faster than a disk. */
    readonly persistent?: boolean
    /** Where, when persistent. Default: beside the other servers' data. A folder in memory (/dev/shm) is fast too. */
    readonly dataDir?: string
  }
}

export interface ServerPlace extends ServerLifetimeOptions {
  readonly dir: string
  readonly logDir: string
  readonly ports: readonly number[]
  readonly settings: ServerSettings
  /** Needed by Kafka Connect. */
  readonly brokers: string | undefined
}

/** Makes a server that is not started yet. */
export function createServer<S extends ServerName> (name: S, place: ServerPlace): Servers[S] {
  return MAKERS[name](place)
}

/** What a user or a client is told about where the server is. */
export function endpointOf (server: LocalServer & ({ brokers: string } | { url: string } | { endpoint: string })): string {
  if ('brokers' in server) return server.brokers
  return 'url' in server ? server.url : server.endpoint
}

const MAKERS: { readonly [S in ServerName]: (place: ServerPlace) => Servers[S] } = {
  kafka: place => createKafka({
    ...common('kafka', place),
    controllerPort: portOf(place, 1),
    ...place.settings.kafka
  }),

  connect: place => {
    if (place.brokers === undefined) throw new Error('Kafka Connect needs Kafka')
    return createKafkaConnect({ ...common('connect', place), brokers: place.brokers })
  },

  dynamodb: place => {
    const { persistent = false, dataDir = join(place.dir, 'dynamodb') } = place.settings.dynamodb ?? {}
    return createDynamoDbLocal({ ...common('dynamodb', place), ...(persistent && { dataDir }) })
  },

  elasticmq: place => createElasticMq(common('elasticmq', place)),

  registry: place => createSchemaRegistry(common('registry', place))
}

function common (name: ServerName, place: ServerPlace) {
  return {
    dir: join(place.dir, name),
    logFile: join(place.logDir, `${name}.log`),
    port: portOf(place, 0),
    lifetime: place.lifetime,
    onSpawn: place.onSpawn
  }
}

function portOf (place: ServerPlace, index: number): number {
  const port = place.ports[index]
  if (port === undefined) throw new Error(`port ${index + 1} is missing`)
  return port
}
