import { createHash, createHmac, createSecretKey, hash, type Hash, type Hmac, randomBytes } from 'node:crypto'
import { RequestSigner } from '../src/connectors/aws/transport/request-signer.js'
import { TextHmac } from '../src/connectors/aws/transport/text-hmac.js'
import { measureSteps, type Step } from './measure-steps.js'
import { type Scope } from './scope.js'

const CALLS = 5_000
const IDENTITY = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' }
const SCOPE = { region: 'eu-west-1', service: 'dynamodb' }
const HEADERS = { host: 'dynamodb.eu-west-1.amazonaws.com', 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'DynamoDB_20120810.BatchWriteItem' }
/** 25 rows, and 10 messages, of events of 170 bytes. */
const BODIES = { write: Buffer.alloc(7_000, 'x'), send: Buffer.alloc(3_500, 'x') }

export const scope: Scope = {
  summary: 'what signing a call costs, by the size of its body',
  details: 'The SDK\'s signer is the package that the SDK uses, with hashes of node:crypto; it is a development dependency.',
  runs: 5,
  async measure ({ runs }, progress) {
    const { SignatureV4 } = await import('@smithy/signature-v4')
    const ours = new RequestSigner({ ...SCOPE, identity: IDENTITY, request: { method: 'POST', path: '/', query: '', headers: HEADERS } })
    const theirs = new SignatureV4({ ...SCOPE, credentials: IDENTITY, sha256: NodeSha256, applyChecksum: false })
    const request = { method: 'POST', protocol: 'https:', hostname: HEADERS.host, path: '/', query: {}, headers: HEADERS }
    const steps = Object.entries(BODIES).flatMap(([call, body]): Array<[string, Step]> => [
      [`${call}: do nothing`, each(() => body.length)],
      [`${call}: hash the body`, each(() => hash('sha256', body))],
      [`${call}: sign`, each(() => ours.sign(body, Date.now()))],
      [`${call}: sign by the SDK`, eachAwaited(async () => await theirs.sign({ ...request, body }))]
    ])
    return { variants: await measureSteps({ ...Object.fromEntries(steps), ...hmacSteps() }, { runs, progress }) }
  }
}

/** The last step of a signature, two ways. */
function hmacSteps (): Record<string, Step> {
  const key = randomBytes(32)
  const beginning = 'AWS4-HMAC-SHA256\n20240910T041709Z\n20240910/eu-west-1/dynamodb/aws4_request\n'
  const end = 'a'.repeat(64)
  const keyObject = createSecretKey(key)
  const textHmac = new TextHmac(key, beginning, end.length)
  return {
    'HMAC: createHmac with a KeyObject': each(() => createHmac('sha256', keyObject).update(beginning + end).digest('hex')),
    'HMAC: by two hashes': each(() => textHmac.digest(end))
  }
}

/** What the steps returned last: keeps the compiler from leaving them out. */
export let kept: unknown

function each (work: () => unknown): Step {
  return () => {
    for (let call = 0; call < CALLS; call++) kept = work()
    return CALLS
  }
}

function eachAwaited (work: () => Promise<unknown>): Step {
  return async () => {
    for (let call = 0; call < CALLS; call++) kept = await work()
    return CALLS
  }
}

/** As the SDK's signer takes it. */
class NodeSha256 {
  readonly #hash: Hash | Hmac

  constructor (secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', typeof secret === 'string' ? secret : new Uint8Array(ArrayBuffer.isView(secret) ? secret.buffer.slice(secret.byteOffset, secret.byteOffset + secret.byteLength) : secret))
  }

  update (data: Uint8Array): void {
    this.#hash.update(data)
  }

  async digest (): Promise<Uint8Array> {
    return this.#hash.digest()
  }

  reset (): void {}
}
