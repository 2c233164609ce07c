import { type Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { createDestinationConnector, type DestinationConnectorOptions } from './destination-connector.js'

/** What was connected to. */
export interface TriedConnection {
  readonly address: string
  readonly port: number
  readonly tls: { readonly protocol: string, readonly validTo: Date } | undefined
}

/**
 * Connects to where `url` leads as a request would: name, address guard, TCP and TLS. Nothing is sent, and the connection is
 * ended at once. Rejects with what a request would be rejected with.
 */
export async function tryConnection ({ url, ...options }: DestinationConnectorOptions & { readonly url: string }): Promise<TriedConnection> {
  const { protocol, host, hostname, port } = new URL(url)
  const connect = createDestinationConnector(options)
  const socket = await new Promise<Socket>((resolve, reject) => {
    connect({ protocol, host, hostname: hostname.replace(/^\[(.*)\]$/, '$1'), port }, (error, connected) => {
      if (error !== null) reject(error)
      else resolve(connected)
    })
  })
  try {
    return { address: socket.remoteAddress ?? '', port: socket.remotePort ?? 0, tls: tlsOf(socket) }
  } finally {
    socket.on('error', () => {}).destroy()
  }
}

function tlsOf (socket: Socket): TriedConnection['tls'] {
  if (!(socket instanceof TLSSocket)) return undefined
  return { protocol: socket.getProtocol() ?? '', validTo: new Date(socket.getPeerCertificate().valid_to) }
}
