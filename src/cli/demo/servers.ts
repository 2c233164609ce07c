import { stackDown, stackUp } from '../../stack/detached-stack.js'
import { startLocalStack } from '../../stack/local-stack.js'
import { findFreePort, findPortFrom } from '../../stack/ports.js'
import { type ServerName } from '../../stack/servers.js'
import { type OnStackEvent, type PortChoice } from '../../stack/start-server.js'
import { type DemoPlace } from './environment.js'

export interface DemoServers {
  readonly place: DemoPlace
  end (): Promise<void>
}

export interface DemoServersOptions {
  readonly dir: string
  readonly ports: PortChoice
  readonly withConnect: boolean
  /** They outlive this process. */
  readonly keep: boolean
  readonly onEvent: OnStackEvent
}

const ADMIN_PORT = 9_400

/** Starts the demo's servers, all at once. Throws ServerStartError when one does not start; then none runs. */
export async function startServers (options: DemoServersOptions): Promise<DemoServers> {
  const { dir, ports, keep, withConnect, onEvent } = options
  const adminPort = ports === 'free' ? await findFreePort() : await findPortFrom(ADMIN_PORT)
  const servers: ServerName[] = ['kafka', ...(withConnect ? ['connect' as const] : []), 'dynamodb', 'elasticmq']
  if (!keep) {
    const stack = await startLocalStack({ dir, servers, ports, onEvent })
    return {
      place: {
        brokers: stack.kafka.brokers,
        connectUrl: withConnect ? stack.connect.url : undefined,
        dynamodbEndpoint: stack.dynamodb.endpoint,
        sqsEndpoint: stack.elasticmq.endpoint,
        adminPort
      },
      end: async () => {
        // Their data is about to be removed: an orderly end, of ElasticMQ above all, would take seconds for nothing.
        await Promise.all(servers.map(name => stack[name].kill()))
        await stack.stop()
      }
    }
  }
  const processes = await stackUp({ dir, servers, ports, onEvent })
  const endpoints = new Map(processes.map(({ name, endpoint }) => [name, endpoint]))
  return {
    place: {
      brokers: endpoints.get('kafka') ?? '',
      connectUrl: endpoints.get('connect'),
      dynamodbEndpoint: endpoints.get('dynamodb') ?? '',
      sqsEndpoint: endpoints.get('elasticmq') ?? '',
      adminPort
    },
    end: async () => { await stackDown({ dir }) }
  }
}
