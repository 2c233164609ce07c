import { once } from 'node:events'
import { Agent, createServer, request as send, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo } from 'node:net'
import { type TestScope } from '../../helpers/stack.js'

export interface RelayedCall {
  /** BatchWriteItem, SendMessageBatch, … */
  readonly operation: string
  /** ms since 1970 at which it had left the service. */
  readonly at: number
}

/** Calls that have an effect on table and queues. */
const EFFECTS: ReadonlySet<string> = new Set(['BatchWriteItem', 'PutItem', 'SendMessageBatch'])

/** Stands between one service of a run and the endpoint that all share: sees what this service sends, and when. */
export class SinkRelay {
  /** Calls with an effect, in the order they came. */
  readonly calls: RelayedCall[] = []
  /** Calls that are done while their answers are held back. */
  held = 0
  /** For the service: its table and queues are here. */
  readonly knobs: Readonly<Record<string, string>>
  readonly #target: URL
  readonly #agent = new Agent({ keepAlive: true })
  #released: Promise<void> | undefined
  #release: () => void = () => {}

  private constructor (target: string, url: string) {
    this.#target = new URL(target)
    this.knobs = { AWS_ENDPOINT_URL_DYNAMODB: url, AWS_ENDPOINT_URL_SQS: url }
  }

  static async start (t: TestScope, target: string): Promise<SinkRelay> {
    const server = createServer((incoming, response) => { relay.#pass(incoming, response) })
    server.keepAliveTimeout = 600_000
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const relay = new SinkRelay(target, `http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    t.teardown(() => {
      relay.releaseAnswers()
      server.close()
      server.closeAllConnections()
      relay.#agent.destroy()
    })
    return relay
  }

  /** From now on calls with an effect are done, and their answers do not come. */
  holdAnswers (): void {
    this.#released ??= new Promise(resolve => { this.#release = resolve })
  }

  /** All answers that were held back come now, as far as anybody still waits for them. */
  releaseAnswers (): void {
    this.#released = undefined
    this.#release()
  }

  #pass (incoming: IncomingMessage, response: ServerResponse): void {
    const operation = operationOf(incoming)
    const hasEffect = EFFECTS.has(operation)
    if (hasEffect) this.calls.push({ operation, at: Date.now() })
    const { hostname, port } = this.#target
    const outgoing = send({ hostname, port, method: 'POST', path: incoming.url ?? '/', headers: incoming.headers, agent: this.#agent }, answer => {
      if (hasEffect) void this.#answer(answer, response)
      else handOn(answer, response)
    })
    outgoing.on('error', () => { response.destroy() })
    incoming.pipe(outgoing)
  }

  async #answer (answer: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.#released !== undefined) {
      this.held++
      await this.#released
      this.held--
    }
    handOn(answer, response)
  }
}

function handOn (answer: IncomingMessage, response: ServerResponse): void {
  response.writeHead(answer.statusCode ?? 500, answer.headers)
  answer.pipe(response)
}

function operationOf (incoming: IncomingMessage): string {
  const target = String(incoming.headers['x-amz-target'])
  return target.slice(target.indexOf('.') + 1)
}
