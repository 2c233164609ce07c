import { type LocalServer } from './child-server.js'
import { findFreePort, findPortFrom, releasePort } from './ports.js'
import { ServerStartError } from './server-start-error.js'
import { createServer, endpointOf, KNOWN_PORTS, type ServerName, type ServerPlace, type Servers } from './servers.js'

/** `free`: any port that is free. `known`: the server's usual port, or the next free one above it. */
export type PortChoice = 'free' | 'known'

export interface StackEvent {
  readonly server: ServerName
  readonly kind: 'starting' | 'moved' | 'ready' | 'stopped'
  /** A sentence part for people: `ready at 127.0.0.1:9092 after 2.1 s`. */
  readonly message: string
}

export type OnStackEvent = (event: StackEvent) => void

export interface StartedServer<S extends ServerName> {
  readonly server: Servers[S]
  readonly ports: readonly number[]
}

/** A port can be taken between our look and the server's bind; three strangers in a row are another matter. */
const MAX_PORT_TRIES = 3

/** Chooses ports, makes the server, starts it, and moves to other ports when somebody was quicker. */
export async function startServer<S extends ServerName> (
  name: S, place: Omit<ServerPlace, 'ports'>, choice: PortChoice, onEvent: OnStackEvent = () => {}
): Promise<StartedServer<S>> {
  for (let attempt = 1; ; attempt++) {
    const ports = await choosePorts(name, choice, onEvent)
    const server = createServer(name, { ...place, ports })
    try {
      await startOnce(name, server, onEvent)
      return { server, ports }
    } catch (error) {
      ports.forEach(releasePort)
      const isWorthAnother = error instanceof ServerStartError && error.isPortTaken && attempt < MAX_PORT_TRIES
      if (!isWorthAnother) throw error
    }
  }
}

async function startOnce (name: ServerName, server: Servers[ServerName] & LocalServer, onEvent: OnStackEvent): Promise<void> {
  const startedAt = performance.now()
  onEvent({ server: name, kind: 'starting', message: 'starting' })
  await server.start()
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  onEvent({ server: name, kind: 'ready', message: `ready at ${endpointOf(server)} after ${seconds} s` })
}

async function choosePorts (name: ServerName, choice: PortChoice, onEvent: OnStackEvent): Promise<number[]> {
  const ports: number[] = []
  for (const known of KNOWN_PORTS[name]) {
    ports.push(choice === 'free' ? await findFreePort() : await findPortFrom(known))
  }
  const [known] = KNOWN_PORTS[name]
  if (choice === 'known' && ports[0] !== known) {
    onEvent({ server: name, kind: 'moved', message: `port ${known} is taken, using ${ports[0]}` })
  }
  return ports
}
