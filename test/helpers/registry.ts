import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo } from 'node:net'

export interface RegistryCall {
  readonly method: string
  readonly path: string
  readonly authorization: string | undefined
  readonly body: unknown
}

/** What the server answers: a status and a body, or nothing at all. */
export type RegistryAnswer = { readonly status: number, readonly body: unknown } | 'silence' | 'reset'

export interface FaultyRegistry {
  readonly url: string
  readonly calls: readonly RegistryCall[]
  /** Also ends connections that are still open. */
  close (): Promise<void>
}

/** A server that speaks the registry's protocol and answers as a test says, for what a healthy one never does. */
export async function startFaultyRegistry (answerTo: (call: RegistryCall) => RegistryAnswer | Promise<RegistryAnswer>, tls?: { readonly key: string, readonly cert: string }): Promise<FaultyRegistry> {
  const calls: RegistryCall[] = []
  const listener: RequestListener = (request, response) => {
    void readBody(request).then(async text => {
      const call = { method: request.method!, path: request.url!, authorization: request.headers.authorization, body: text === '' ? undefined : JSON.parse(text) as unknown }
      calls.push(call)
      const answer = await answerTo(call)
      if (answer === 'silence') return
      if (answer === 'reset') request.socket.destroy()
      else response.writeHead(answer.status, { 'content-type': 'application/json' }).end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body))
    })
  }
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    close: async () => {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    }
  }
}

export function notFound (code = 40403): RegistryAnswer {
  return { status: 404, body: { error_code: code, message: 'Schema not found' } }
}

async function readBody (request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request) text += String(chunk)
  return text
}
