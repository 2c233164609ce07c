import { createHmac, hash } from 'node:crypto'
import { canonicalHead, type SignableRequest, signedHeaders } from './canonical-request.js'
import { TextHmac } from './text-hmac.js'

export interface SigningIdentity {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string | undefined
}

export interface RequestSignerOptions {
  readonly identity: SigningIdentity
  readonly region: string
  readonly service: string
  /** What is the same in every call. */
  readonly request: SignableRequest
}

export interface Signature {
  /** Value of `x-amz-date`. */
  readonly date: string
  /** Value of `authorization`. */
  readonly authorization: string
}

const ALGORITHM = 'AWS4-HMAC-SHA256'
const HEX_DIGEST_LENGTH = 64

/**
 * Signs calls that differ in their bodies only, by AWS Signature Version 4. What depends on the day (the key) and on the
 * second (everything but the hash of the body) is made once for each, so a call costs four hashes, three of them short. A
 * session token is signed as the header `x-amz-security-token`, which the sender must send.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export class RequestSigner {
  readonly #options: RequestSignerOptions
  #day = ''
  #key = new Uint8Array()
  #second = NaN
  #date = ''
  #canonicalHead = ''
  #stringToSign = new TextHmac(this.#key, '', HEX_DIGEST_LENGTH)
  #authorizationHead = ''

  constructor (options: RequestSignerOptions) {
    this.#options = options
  }

  /** `time` is in ms since 1970, by the clock of the service. */
  sign (body: Uint8Array, time: number): Signature {
    const second = Math.floor(time / 1000)
    if (second !== this.#second) this.#turnTo(second)
    const canonicalRequest = this.#canonicalHead + hash('sha256', body)
    const signature = this.#stringToSign.digest(hash('sha256', canonicalRequest))
    return { date: this.#date, authorization: this.#authorizationHead + signature }
  }

  #turnTo (second: number): void {
    const { identity, region, service, request } = this.#options
    const date = new Date(second * 1000).toISOString().replace(/[-:]|\.\d+/g, '')
    const day = date.slice(0, 8)
    const scope = `${day}/${region}/${service}/aws4_request`
    const signed: SignableRequest = {
      ...request,
      headers: {
        ...request.headers,
        'x-amz-date': date,
        ...(identity.sessionToken === undefined ? {} : { 'x-amz-security-token': identity.sessionToken })
      }
    }
    if (day !== this.#day) {
      this.#key = signingKey(identity.secretAccessKey, day, region, service)
      this.#day = day
    }
    this.#second = second
    this.#date = date
    this.#canonicalHead = canonicalHead(signed)
    this.#stringToSign = new TextHmac(this.#key, `${ALGORITHM}\n${date}\n${scope}\n`, HEX_DIGEST_LENGTH)
    this.#authorizationHead = `${ALGORITHM} Credential=${identity.accessKeyId}/${scope}, SignedHeaders=${signedHeaders(signed)}, Signature=`
  }
}

function signingKey (secretAccessKey: string, ...scope: readonly string[]): Uint8Array<ArrayBuffer> {
  const secret = new TextEncoder().encode(`AWS4${secretAccessKey}`)
  return [...scope, 'aws4_request'].reduce((key, part) => new Uint8Array(createHmac('sha256', key).update(part).digest()), secret)
}
