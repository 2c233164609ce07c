import { createHmac, randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { type AddressInfo } from 'node:net'
import { Random } from '../../../generator/random.js'
import { type RecordedRequest } from '../../../proof/delivery/recorded-request.js'
import { type Behaviour, RETRIES } from './behaviours.js'

const SECRET_PREFIX = 'whsec_'
const SECRET_BYTES = 24

/** A real HTTP server of this machine that answers as its behaviour says, and records every request. */
export class DemoDestination {
  readonly behaviour: Behaviour
  readonly requests: RecordedRequest[] = []
  readonly #key = randomBytes(SECRET_BYTES)
  readonly #attempts = new Map<string, number>()
  readonly #random: Random
  readonly #server: Server

  constructor (behaviour: Behaviour, seed: number) {
    this.behaviour = behaviour
    this.#random = new Random(seed, 0)
    this.#server = createServer((request, response) => {
      readBody(request).then(body => {
        const status = this.#record(request, body)
        if (status !== 0) response.writeHead(status).end()
      }, () => { response.destroy() })
    })
  }

  async listen (): Promise<void> {
    await new Promise<void>((resolve, reject) => { this.#server.once('error', reject).listen(0, '127.0.0.1', resolve) })
  }

  async close (): Promise<void> {
    await new Promise<void>(resolve => {
      this.#server.close(() => { resolve() })
      this.#server.closeAllConnections()
    })
  }

  /** As an operator would configure it; short waits, so that nobody has to wait for the end. */
  get definition (): object {
    const { port } = this.#server.address() as AddressInfo // it listens
    return {
      name: this.behaviour.name,
      url: `http://127.0.0.1:${port}/events`,
      allowHttp: true,
      allowedNetworks: ['127.0.0.0/8'],
      signingSecrets: [SECRET_PREFIX + this.#key.toString('base64')],
      ...this.behaviour.settings,
      retries: RETRIES,
      backoffBaseMs: 10,
      backoffMaxMs: 100,
      breakerProbeMaxMs: 10
    }
  }

  /** Returns the status to answer. */
  #record ({ headers }: IncomingMessage, body: Buffer): number {
    const id = String(headers['webhook-id'])
    const attempt = (this.#attempts.get(id) ?? 0) + 1
    this.#attempts.set(id, attempt)
    const status = this.behaviour.answer(attempt, this.#random)
    this.requests.push({ id, body: body.toString(), signed: this.#isSigned(headers, id, body), status })
    return status
  }

  /** https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md */
  #isSigned (headers: IncomingMessage['headers'], id: string, body: Buffer): boolean {
    const signature = createHmac('sha256', this.#key).update(`${id}.${String(headers['webhook-timestamp'])}.`).update(body).digest('base64')
    return String(headers['webhook-signature']).split(' ').includes(`v1,${signature}`)
  }
}

async function readBody (request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
