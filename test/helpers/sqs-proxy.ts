import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo } from 'node:net'
import { type TestScope } from './stack.js'

const SEND = 'AmazonSQS.SendMessageBatch'
const JSON_TYPE = 'application/x-amz-json-1.0'
/** What matters of a request; the emulator wants an authorization, and checks none. */
const PASSED_HEADERS = ['x-amz-target', 'authorization'] as const

interface Entry {
  readonly Id: string
  readonly MessageBody: string
}

interface SendMessageBatch {
  readonly Entries: readonly Entry[]
}

/** Stands before a real SQS and passes everything on, but for the entries that are to fail. */
export class SqsProxy {
  /** Which events' messages fail, by no fault of the sender. None by default. */
  fails: (uid: string) => boolean = () => false
  /** How often each of them was sent and failed, by uid. */
  readonly failures = new Map<string, number>()
  readonly #target: string
  #url = ''

  private constructor (target: string) {
    this.#target = target
  }

  static async start (t: TestScope, target: string): Promise<SqsProxy> {
    const proxy = new SqsProxy(target)
    const server = createServer((request, response) => {
      proxy.#answer(request, response).catch(() => { response.destroy() })
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    proxy.#url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    t.teardown(() => {
      server.close()
      server.closeAllConnections()
    })
    return proxy
  }

  get url (): string {
    return this.#url
  }

  async #answer (request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request)
    const call = request.headers['x-amz-target'] === SEND ? JSON.parse(body) as SendMessageBatch : undefined
    const failed = call?.Entries.filter(entry => this.#fails(entry)) ?? []
    const rest = call?.Entries.filter(entry => !failed.includes(entry)) ?? []
    const answer = failed.length > 0 && rest.length === 0
      ? { status: 200, text: '{}' }
      : await this.#pass(request, failed.length === 0 ? body : JSON.stringify({ ...call, Entries: rest }))
    response.writeHead(answer.status, { 'content-type': JSON_TYPE })
    response.end(failed.length > 0 && answer.status === 200 ? withFailures(answer.text, failed) : answer.text)
  }

  #fails ({ MessageBody: body }: Entry): boolean {
    const { uid } = JSON.parse(body) as { uid?: string } // a message of the retry queue has none
    if (uid === undefined || !this.fails(uid)) return false
    this.failures.set(uid, (this.failures.get(uid) ?? 0) + 1)
    return true
  }

  async #pass (request: IncomingMessage, body: string): Promise<{ status: number, text: string }> {
    const headers = PASSED_HEADERS.map(name => [name, String(request.headers[name] ?? '')] as [string, string])
    const answer = await fetch(this.#target + (request.url ?? '/'), { method: 'POST', headers: [...headers, ['content-type', JSON_TYPE]], body })
    return { status: answer.status, text: await answer.text() }
  }
}

async function readBody (request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

function withFailures (answer: string, failed: readonly Entry[]): string {
  return JSON.stringify({ ...JSON.parse(answer), Failed: failed.map(({ Id }) => ({ Id, SenderFault: false, Code: 'InternalError' })) })
}
