import { createHash, createHmac } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { type TestScope } from '../../../../helpers/stack.js'

/** What a service knows of a key. */
export interface KnownKey {
  readonly secret: string
  readonly token?: string
  /** ms since 1970 */
  readonly expiresAt?: number
}

const MOST_SKEW_MS = 5 * 60_000

/**
 * Takes calls for done as a service of AWS would: if their signature, key, token and time are right. It checks a
 * signature by the words of the documentation, with nothing of what is tested.
 */
export class VerifyingServer {
  /** By access key id. */
  readonly keys = new Map<string, KnownKey>()
  /** How far the clock is ahead, in ms. */
  clockAheadMs = 0
  /** Access key ids of the calls that were taken. */
  readonly taken: string[] = []
  /** Names of the errors that were answered. */
  readonly refused: string[] = []
  url = ''

  static async start (t: TestScope): Promise<VerifyingServer> {
    const verifying = new VerifyingServer()
    const server = createServer((request, response) => {
      void text(request).then(body => { verifying.#serve(request, body, response) })
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.teardown(() => {
      server.close()
      server.closeAllConnections()
    })
    verifying.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    return verifying
  }

  #serve (request: IncomingMessage, body: string, response: ServerResponse): void {
    const now = Date.now() + this.clockAheadMs
    response.setHeader('date', new Date(now).toUTCString())
    const verdict = this.#judge(request, body, now)
    if ('error' in verdict) {
      this.refused.push(verdict.error)
      response.writeHead(400).end(JSON.stringify({ __type: `com.amazon.coral.service#${verdict.error}`, message: 'no' }))
    } else {
      this.taken.push(verdict.accessKeyId)
      response.end('{}')
    }
  }

  #judge ({ headers, url }: IncomingMessage, body: string, now: number): { readonly accessKeyId: string } | { readonly error: string } {
    const [, accessKeyId = '', day = '', region = '', service = '', names = '', signature] =
      /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, SignedHeaders=([^,]+), Signature=(\w+)$/.exec(headers.authorization ?? '') ?? []
    const key = this.keys.get(accessKeyId)
    if (key === undefined) return { error: 'UnrecognizedClientException' }
    if (key.token !== headers['x-amz-security-token']) return { error: 'UnrecognizedClientException' }
    const date = String(headers['x-amz-date'])
    const canonicalHeaders = names.split(';').map(name => `${name}:${String(headers[name]).trim()}\n`).join('')
    const canonical = `POST\n${url ?? '/'}\n\n${canonicalHeaders}\n${names}\n${sha256(body)}`
    const signed = `AWS4-HMAC-SHA256\n${date}\n${day}/${region}/${service}/aws4_request\n${sha256(canonical)}`
    const signingKey = [day, region, service, 'aws4_request'].reduce<Buffer>((key, part) => hmac(key, part), Buffer.from(`AWS4${key.secret}`))
    if (hmac(signingKey, signed).toString('hex') !== signature) return { error: 'InvalidSignatureException' }
    const signedAt = Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'))
    if (!(Math.abs(signedAt - now) <= MOST_SKEW_MS)) return { error: 'RequestTimeTooSkewed' }
    return now > (key.expiresAt ?? Infinity) ? { error: 'ExpiredTokenException' } : { accessKeyId }
  }
}

function sha256 (text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function hmac (key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
