import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { ChildServer, type LocalServer, type ServerLifetimeOptions } from './child-server.js'
import { probeHttp } from './http-probe.js'
import { javaArgs, STACK_FOLDER } from './jvm.js'
import { LOOPBACK } from './ports.js'

export interface SchemaRegistryOptions extends ServerLifetimeOptions {
  readonly dir: string
  readonly logFile: string
  readonly port: number
}

export interface SchemaRegistryServer extends LocalServer {
  /** For `SCHEMA_REGISTRY_URL`: the interface that is compatible with Confluent's. */
  readonly url: string
}

const MAX_HEAP_MB = 512
const APPLICATION = join(STACK_FOLDER, 'registry', 'lib', 'apicurio-registry-app-2.6.13.Final-runner.jar')

/**
 * Apicurio Registry. Schemas are kept in `dir`: they survive `stop`, `kill` and `start`. New versions of a subject have
 * to be backward compatible, as is the default of Confluent's registry.
 */
export function createSchemaRegistry (options: SchemaRegistryOptions): SchemaRegistryServer {
  const { dir, port } = options
  const url = `http://${LOOPBACK}:${port}/apis/ccompat/v7`
  const server = new ChildServer({
    name: 'The schema registry',
    command: 'java',
    args: javaArgs({
      maxHeapMb: MAX_HEAP_MB,
      classPath: [APPLICATION],
      systemProperties: {
        'quarkus.http.host': LOOPBACK,
        'quarkus.http.port': String(port),
        // Without the option, what was registered in the last half second would not survive a kill.
        'quarkus.datasource.jdbc.url': `jdbc:h2:file:${join(dir, 'schemas')};WRITE_DELAY=0`
      },
      mainClass: 'io.quarkus.runner.GeneratedMain',
      args: []
    }),
    logFile: options.logFile,
    prepare: async () => {
      if (!existsSync(APPLICATION)) throw new Error('The schema registry is not fetched yet; this does it: npm run penstock -- stack up --with registry')
      await mkdir(dir, { recursive: true })
    },
    probe: async signal => {
      await probeHttp(`${url}/subjects`, { signal })
      // Apicurio takes any schema by default.
      await probeHttp(`${url}/config`, { method: 'PUT', headers: CONTENT_TYPE, body: '{"compatibility":"BACKWARD"}', signal })
    },
    lifetime: options.lifetime,
    onSpawn: options.onSpawn
  })
  return Object.assign(server, { url })
}

const CONTENT_TYPE = { 'content-type': 'application/vnd.schemaregistry.v1+json' }
