import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { type AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

/** Speaks HTTP as DynamoDB and SQS do, takes every call for done, and keeps the bodies of the requests. */
export class CapturingServer {
  readonly #server: Server
  /** Since the last `take`, in the order of their arrival. */
  #bodies: string[] = []

  private constructor () {
    this.#server = createServer((request, response) => {
      void text(request).then(body => {
        this.#bodies.push(body)
        const { Entries: entries = [] } = JSON.parse(body) as { Entries?: ReadonlyArray<{ Id: string }> }
        response.setHeader('content-type', 'application/x-amz-json-1.0')
        response.end(JSON.stringify({ UnprocessedItems: {}, Successful: entries.map(({ Id }) => ({ Id, MessageId: Id, MD5OfMessageBody: '' })), Failed: [] }))
      })
    })
  }

  static async start (): Promise<CapturingServer> {
    const capturing = new CapturingServer()
    capturing.#server.listen(0, '127.0.0.1')
    await once(capturing.#server, 'listening')
    return capturing
  }

  get endpoint (): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  take (): string[] {
    const bodies = this.#bodies
    this.#bodies = []
    return bodies
  }

  async close (): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }
}
