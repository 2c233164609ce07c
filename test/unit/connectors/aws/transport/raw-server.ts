import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { type TestScope } from '../../../../helpers/stack.js'

/** What a server does with a request once it has it whole. */
export type Deed = (socket: Socket) => void

export interface RawServer {
  readonly url: string
  /** Requests that came, head and body. */
  readonly requests: string[]
  /** What is done with the requests that come from now on. */
  answerWith (deed: Deed): void
}

/** A server that answers with whatever bytes it is told, so that it can break every rule. */
export async function startRawServer (t: TestScope): Promise<RawServer> {
  const requests: string[] = []
  const sockets = new Set<Socket>()
  let deed: Deed = socket => { socket.destroy() }
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('close', () => { sockets.delete(socket) })
    socket.on('error', () => {})
    let received = ''
    socket.setEncoding('latin1')
    socket.on('data', (text: string) => {
      received += text
      const length = lengthOf(received)
      if (length === undefined || received.length < length) return
      requests.push(received.slice(0, length))
      received = received.slice(length)
      deed(socket)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    answerWith: next => { deed = next }
  }
}

/** An answer with a content length; the connection is kept. */
export function answer (status: number, body = '', headers: Readonly<Record<string, string>> = {}): Deed {
  return socket => { socket.write(rawAnswer(status, body, headers)) }
}

export function rawAnswer (status: number, body: string, headers: Readonly<Record<string, string>> = {}): string {
  const lines = Object.entries({ 'content-type': 'application/x-amz-json-1.0', 'content-length': String(Buffer.byteLength(body)), ...headers })
  return `HTTP/1.1 ${status} Whatever\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`
}

/** Of the whole request that `received` begins with. */
function lengthOf (received: string): number | undefined {
  const head = received.indexOf('\r\n\r\n')
  if (head === -1) return undefined
  return head + 4 + Number(/\r\ncontent-length: (\d+)/i.exec(received)?.[1] ?? 0)
}
