import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { ChildServer, type LocalServer, type ServerLifetimeOptions } from './child-server.js'
import { probeHttp } from './http-probe.js'
import { javaArgs, STACK_FOLDER } from './jvm.js'
import { LOOPBACK } from './ports.js'

export interface DynamoDbLocalOptions extends ServerLifetimeOptions {
  readonly logFile: string
  readonly port: number
  /**
   * Where the tables are kept: they then survive `stop`, `kill` and `start`. Without it they are in memory, which is
   * about ten times faster than a disk.
   */
  readonly dataDir?: string
}

export interface DynamoDbLocalServer extends LocalServer {
  /** For `AWS_ENDPOINT_URL_DYNAMODB`. Any credentials and region do: all see the same tables. */
  readonly endpoint: string
}

const MAX_HEAP_MB = 512

/** Amazon's DynamoDB Local. It never throttles and leaves no item of a batch unprocessed. */
export function createDynamoDbLocal (options: DynamoDbLocalOptions): DynamoDbLocalServer {
  const { port, dataDir } = options
  const folder = join(STACK_FOLDER, 'dynamodb-local')
  const endpoint = `http://${LOOPBACK}:${port}`
  const server = new ChildServer({
    name: 'DynamoDB Local',
    command: 'java',
    args: javaArgs({
      maxHeapMb: MAX_HEAP_MB,
      classPath: [join(folder, 'classes'), join(folder, 'lib', '*')],
      systemProperties: { 'java.library.path': join(folder, 'lib') },
      mainClass: 'DynamoDbLocalOnLoopback',
      args: [
        '-port', String(port), '-sharedDb', '-disableTelemetry',
        ...(dataDir === undefined ? ['-inMemory'] : ['-dbPath', dataDir])
      ]
    }),
    logFile: options.logFile,
    prepare: async () => { if (dataDir !== undefined) await mkdir(dataDir, { recursive: true }) },
    probe: signal => probeHttp(endpoint, { ...LIST_TABLES, signal }),
    lifetime: options.lifetime,
    onSpawn: options.onSpawn
  })
  return Object.assign(server, { endpoint })
}

/** The signature is not checked, but its form is. */
const LIST_TABLES = {
  method: 'POST',
  headers: {
    'content-type': 'application/x-amz-json-1.0',
    'x-amz-target': 'DynamoDB_20120810.ListTables',
    authorization: 'AWS4-HMAC-SHA256 Credential=local/20240101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0'
  },
  body: '{}'
}
