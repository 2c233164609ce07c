import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ChildServer, type LocalServer, type ServerLifetimeOptions } from './child-server.js'
import { probeHttp } from './http-probe.js'
import { javaArgs, STACK_FOLDER } from './jvm.js'
import { LOOPBACK } from './ports.js'

export interface ElasticMqOptions extends ServerLifetimeOptions {
  readonly dir: string
  readonly logFile: string
  readonly port: number
}

export interface ElasticMqServer extends LocalServer {
  /** For `AWS_ENDPOINT_URL_SQS`. Queue URLs are `<endpoint>/000000000000/<queue>`. */
  readonly endpoint: string
}

const MAX_HEAP_MB = 384
/** It waits 10 s and more for long polls whose callers are gone; its messages end with it either way. */
export const ELASTICMQ_STOP_TIMEOUT_MS = 1_000

/** ElasticMQ, which speaks the protocol of SQS. Queues and messages are in memory: they do not survive its end. */
export function createElasticMq (options: ElasticMqOptions): ElasticMqServer {
  const configFile = join(options.dir, 'elasticmq.conf')
  const endpoint = `http://${LOOPBACK}:${options.port}`
  const server = new ChildServer({
    name: 'ElasticMQ',
    command: 'java',
    args: javaArgs({
      maxHeapMb: MAX_HEAP_MB,
      classPath: [join(STACK_FOLDER, 'elasticmq', 'lib', '*')],
      systemProperties: {
        'config.file': configFile,
        'logback.configurationFile': join(STACK_FOLDER, 'elasticmq', 'logback.xml')
      },
      mainClass: 'org.elasticmq.server.Main',
      args: []
    }),
    logFile: options.logFile,
    prepare: async () => {
      await mkdir(options.dir, { recursive: true })
      await writeFile(configFile, configuration(options.port))
    },
    probe: signal => probeHttp(`${endpoint}/?Action=ListQueues`, { signal }),
    stopTimeoutMs: ELASTICMQ_STOP_TIMEOUT_MS,
    lifetime: options.lifetime,
    onSpawn: options.onSpawn
  })
  return Object.assign(server, { endpoint })
}

/** Limits are held as SQS holds them; the queues are made by whoever uses them. */
function configuration (port: number): string {
  return `include classpath("application.conf")
pekko.loglevel = "WARNING"
node-address { protocol = http, host = "${LOOPBACK}", port = ${port}, context-path = "" }
rest-sqs { enabled = true, bind-hostname = "${LOOPBACK}", bind-port = ${port}, sqs-limits = strict }
rest-stats { enabled = false }
generate-node-address = false
messages-storage { enabled = false }
aws { region = us-east-1, accountId = 000000000000 }
queues {}
`
}
