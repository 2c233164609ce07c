import { createServer } from 'node:net'

/** The one address that local servers listen on: nothing of the stack can be reached from outside the machine. */
export const LOOPBACK = '127.0.0.1'

/**
 * Free ports are sought below the range that the kernel hands to outgoing connections (from 32,768 on Linux), so that
 * no connection of anybody's takes the port of a server while it is stopped and about to come back.
 */
const FIRST_FREE_PORT = 15_000
const LAST_FREE_PORT = 31_999

const MAX_TRIES = 200

/** Ports given out by this process: two servers that start together never get the same one. */
const reserved = new Set<number>()

/** A port on loopback that nobody listens on, chosen at random. */
export async function findFreePort (): Promise<number> {
  for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
    const port = FIRST_FREE_PORT + Math.floor(Math.random() * (LAST_FREE_PORT - FIRST_FREE_PORT + 1))
    if (await reserve(port)) return port
  }
  throw new Error(`no free port found between ${FIRST_FREE_PORT} and ${LAST_FREE_PORT}`)
}

/** The port itself, or the next above it that nobody listens on. */
export async function findPortFrom (wanted: number): Promise<number> {
  for (let port = wanted; port < wanted + MAX_TRIES; port++) {
    if (await reserve(port)) return port
  }
  throw new Error(`no free port found between ${wanted} and ${wanted + MAX_TRIES}`)
}

/** Gives a port back once its server is gone for good. */
export function releasePort (port: number): void {
  reserved.delete(port)
}

/** Whether a server could listen on this port of loopback now. */
export function canListen (port: number): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ port, host: LOOPBACK, exclusive: true }, () => server.close(() => resolve(true)))
  })
}

async function reserve (port: number): Promise<boolean> {
  if (reserved.has(port)) return false
  reserved.add(port)
  if (await canListen(port)) return true
  reserved.delete(port)
  return false
}
