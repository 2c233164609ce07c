import { join } from 'node:path'
import { releasePort } from './ports.js'
import { INDEPENDENT_SERVERS, type ServerName, type ServerSettings, type Servers } from './servers.js'
import { startServer, type OnStackEvent, type PortChoice, type StartedServer } from './start-server.js'

export interface LocalStackOptions<S extends ServerName> extends ServerSettings {
  /** Configurations, data and (in `logs`) the logs of all servers. The caller's to remove. */
  readonly dir: string
  /** Default: `dir`/logs */
  readonly logDir?: string
  /** Kafka Connect needs Kafka. */
  readonly servers: readonly S[]
  /** Default `free`. */
  readonly ports?: PortChoice
  readonly onEvent?: OnStackEvent
}

export type LocalStack<S extends ServerName> = Pick<Servers, S> & {
  readonly logDir: string
  /** Ends all servers, those first that use others. */
  stop (): Promise<void>
}

/**
 * Starts real servers on loopback, all at once, and resolves when each answers. They end with this process, however it
 * ends. When one does not start, the others are ended and its ServerStartError is thrown.
 */
export async function startLocalStack<S extends ServerName> (options: LocalStackOptions<S>): Promise<LocalStack<S>> {
  const logDir = options.logDir ?? join(options.dir, 'logs')
  const started = new Map<ServerName, StartedServer<ServerName>>()
  const start = async <N extends ServerName>(name: N, brokers?: string) => {
    const place = { dir: options.dir, logDir, settings: options, brokers }
    const result = await startServer(name, place, options.ports ?? 'free', options.onEvent)
    started.set(name, result)
    return result.server
  }
  const wanted = new Set<ServerName>(options.servers)
  const startKafkaAndConnect = async () => {
    if (wanted.has('connect') && !wanted.has('kafka')) throw new Error('Kafka Connect needs Kafka')
    if (!wanted.has('kafka')) return
    const { brokers } = await start('kafka')
    if (wanted.has('connect')) await start('connect', brokers)
  }
  const results = await Promise.allSettled([
    startKafkaAndConnect(),
    ...INDEPENDENT_SERVERS.filter(name => wanted.has(name)).map(name => start(name))
  ])
  const stop = () => stopAll(started, options.onEvent)
  const failure = results.find(result => result.status === 'rejected')
  if (failure !== undefined) {
    await stop()
    throw failure.reason
  }
  const servers = Object.fromEntries([...started].map(([name, { server }]) => [name, server]))
  return { ...servers as Pick<Servers, S>, logDir, stop }
}

async function stopAll (started: Map<ServerName, StartedServer<ServerName>>, onEvent: OnStackEvent = () => {}): Promise<void> {
  const stopOne = async (name: ServerName) => {
    const entry = started.get(name)
    if (entry === undefined) return
    started.delete(name)
    await entry.server.stop()
    entry.ports.forEach(releasePort)
    onEvent({ server: name, kind: 'stopped', message: 'stopped' })
  }
  await Promise.all([
    stopOne('connect').then(() => stopOne('kafka')),
    ...INDEPENDENT_SERVERS.map(stopOne)
  ])
}
