import { stackDown, stackUp } from '../../stack/detached-stack.js'
import { startLocalStack } from '../../stack/local-stack.js'
import { findFreePort, findPortFrom } from '../../stack/ports.js'
import { endpointOf, type ServerName } from '../../stack/servers.js'
import { type OnStackEvent, type PortChoice } from '../../stack/start-server.js'

export interface DemoServers {
  /** Where a server is; empty for one that was not started. */
  endpoint (name: ServerName): string
  /** For the service. */
  readonly adminPort: number
  end (): Promise<void>
}

export interface DemoServersOptions {
  readonly dir: string
  readonly ports: PortChoice
  readonly servers: readonly ServerName[]
  /** They outlive this process. */
  readonly keep: boolean
  readonly onEvent: OnStackEvent
}

const ADMIN_PORT = 9_400

/** Starts the demo's servers, all at once. Throws ServerStartError when one does not start; then none runs. */
export async function startServers ({ dir, ports, keep, servers, onEvent }: DemoServersOptions): Promise<DemoServers> {
  const adminPort = ports === 'free' ? await findFreePort() : await findPortFrom(ADMIN_PORT)
  if (keep) {
    const processes = await stackUp({ dir, servers, ports, onEvent })
    const endpoints = new Map<string, string>(processes.map(({ name, endpoint }) => [name, endpoint]))
    return { adminPort, endpoint: name => endpoints.get(name) ?? '', end: async () => { await stackDown({ dir }) } }
  }
  const stack = await startLocalStack({ dir, servers, ports, onEvent })
  return {
    adminPort,
    endpoint: name => servers.includes(name) ? endpointOf(stack[name]) : '',
    end: async () => {
      // Their data is about to be removed: an orderly end, of ElasticMQ above all, would take seconds for nothing.
      await Promise.all(servers.map(name => stack[name].kill()))
      await stack.stop()
    }
  }
}
