import { type buildConnector } from 'undici'
import { createAddressGuard } from './address-guard.js'
import { createGuardedConnector } from './guarded-connector.js'
import { createNameResolver } from './name-resolver.js'

export interface DestinationConnectorOptions {
  readonly connectTimeoutMs: number
  /** Of a whole request; a connection takes no longer either. */
  readonly timeoutMs: number
  readonly allowedNetworks: readonly string[]
  /** Name servers to ask, `address:port`; those of the system when absent. */
  readonly nameServers?: readonly string[] | undefined
  /** Certificates of the authorities to trust (PEM); without it those of Node.js. */
  readonly ca?: string | undefined
}

/** Of the time that a connection may take: a look-up that fails is told from a host that does not answer. */
const LOOKUP_SHARE = 0.75

/** Makes the connections to one destination, into allowed networks only. Throws RangeError for what is no network. */
export function createDestinationConnector ({ connectTimeoutMs, timeoutMs, allowedNetworks, nameServers, ca }: DestinationConnectorOptions): buildConnector.connector {
  const limitMs = Math.min(connectTimeoutMs, timeoutMs)
  return createGuardedConnector({
    guard: createAddressGuard(allowedNetworks),
    resolve: createNameResolver({ timeoutMs: limitMs * LOOKUP_SHARE, servers: nameServers }),
    timeoutMs: limitMs,
    ca
  })
}
