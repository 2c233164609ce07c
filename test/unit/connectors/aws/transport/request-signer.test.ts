import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto'
import t from 'tap'
import { SignatureV4 } from '@smithy/signature-v4'
import { RequestSigner } from '../../../../../src/connectors/aws/transport/request-signer.js'
import { Random } from '../../../../../src/generator/random.js'

interface Example extends Partial<Scope> {
  readonly method?: string
  readonly path?: string
  /** In canonical form. */
  readonly query?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly token?: string
  readonly signature: string
}

interface Scope {
  readonly time: number
  readonly region: string
  readonly service: string
  readonly identity: { readonly accessKeyId: string, readonly secretAccessKey: string, readonly sessionToken?: string }
}

const KEY = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' }
const UNRESERVED = '-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const TOKEN = '6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267'
const STS_TOKEN = 'AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA=='

const SUITE_SCOPE: Scope = { time: Date.UTC(2015, 7, 30, 12, 36), region: 'us-east-1', service: 'service', identity: KEY }

/** AWS's signing test suite, version 4, by its names: https://github.com/awslabs/aws-c-auth/tree/main/tests/aws-signing-test-suite/v4 */
const SUITE: Readonly<Record<string, Example>> = {
  'get-vanilla': { signature: '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31' },
  'get-vanilla-with-session-token': { token: TOKEN, signature: '07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8' },
  'get-header-key-duplicate': { headers: { 'my-header1': 'value2,value2,value1' }, signature: 'c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea' },
  'get-header-value-multiline': { headers: { 'my-header1': 'value1\n  value2\n     value3' }, signature: 'cfd34249e4b1c8d6b91ef74165d41a32e5fab3306300901bb65a51a73575eefd' },
  'get-header-value-order': { headers: { 'my-header1': 'value4,value1,value3,value2' }, signature: '08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01' },
  'get-header-value-trim': { headers: { 'my-header1': ' value1', 'my-header2': ' "a   b   c"' }, signature: 'acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736' },
  'get-relative-normalized': { path: '/example/..', signature: '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31' },
  'get-relative-relative-normalized': { path: '/example1/example2/../..', signature: '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31' },
  'get-slash-dot-slash-normalized': { path: '/./', signature: '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31' },
  'get-slash-normalized': { path: '//', signature: '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31' },
  'get-slash-pointless-dot-normalized': { path: '/./example', signature: 'ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5' },
  'get-slashes-normalized': { path: '//example//', signature: '9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84' },
  'get-space-normalized': { path: '/example space/', signature: '652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741' },
  'get-unreserved': { path: `/${UNRESERVED}`, signature: '07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f' },
  'get-utf8': { path: '/ሴ', signature: '8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85' },
  'get-vanilla-empty-query-key': { query: 'Param1=value1', signature: 'a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb' },
  'get-vanilla-query-order-encoded': { query: '%E1%88%B4=Value1&Param=Value2&Param-3=Value3', signature: '371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac' },
  'get-vanilla-query-order-key-case': { query: 'Param1=value1&Param2=value2', signature: 'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500' },
  'get-vanilla-query-unreserved': { query: `${UNRESERVED}=${UNRESERVED}`, signature: '9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197' },
  'get-vanilla-utf8-query': { query: '%E1%88%B4=bar', signature: '2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04' },
  'post-vanilla': { method: 'POST', signature: '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b' },
  'post-vanilla-query': { method: 'POST', query: 'Param1=value1', signature: '28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11' },
  'post-header-key-sort': { method: 'POST', headers: { 'my-header1': 'value1' }, signature: 'c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c' },
  'post-header-value-case': { method: 'POST', headers: { 'my-header1': 'VALUE1' }, signature: 'cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d' },
  'post-sts-header-before': { method: 'POST', token: STS_TOKEN, signature: '85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead' },
  'post-x-www-form-urlencoded': {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', 'content-length': '13', 'x-amz-content-sha256': sha256('Param1=value1') },
    body: 'Param1=value1',
    signature: 'd3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b'
  },
  'post-x-www-form-urlencoded-parameters': {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8', 'content-length': '13', 'x-amz-content-sha256': sha256('Param1=value1') },
    body: 'Param1=value1',
    signature: '328d1b9eaadca9f5818ef05e8392801e091653bafec24fcab71e7344e7f51422'
  }
}

const S3_SCOPE: Scope = {
  time: Date.UTC(2013, 4, 24), region: 'us-east-1', service: 's3', identity: { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' }
}
const S3_HEADERS = { host: 'examplebucket.s3.amazonaws.com', 'x-amz-content-sha256': sha256('') }
const FORM = { host: 'iam.amazonaws.com', 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' }

/**
 * Worked examples of AWS's documentation; S3 ones as far as their paths need no encoding, which S3 does otherwise.
 * https://docs.aws.amazon.com/general/latest/gr/sigv4-signed-request-examples.html
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
 */
const DOCUMENTED: Readonly<Record<string, Example>> = {
  'IAM ListUsers by GET': {
    headers: FORM, query: 'Action=ListUsers&Version=2010-05-08', service: 'iam', signature: '5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7'
  },
  'IAM ListUsers by POST': {
    method: 'POST', headers: FORM, body: 'Action=ListUsers&Version=2010-05-08', service: 'iam', time: Date.UTC(2011, 8, 9, 23, 36), signature: 'ced6826de92d2bdeed8f846f0bf508e8559e98e4b0199114b84c54174deb456c'
  },
  'S3 GET Object': {
    ...S3_SCOPE, path: '/test.txt', headers: { ...S3_HEADERS, range: 'bytes=0-9' }, signature: 'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41'
  },
  'S3 GET Bucket Lifecycle': {
    ...S3_SCOPE, query: 'lifecycle=', headers: S3_HEADERS, signature: 'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543'
  },
  'S3 GET Bucket': {
    ...S3_SCOPE, query: 'max-keys=2&prefix=J', headers: S3_HEADERS, signature: '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7'
  }
}

/** As the SDK's signer takes it. */
class Sha256 {
  readonly #hash: Hash | Hmac

  constructor (secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', typeof secret === 'string' ? secret : bytesOf(secret))
  }

  update (data: Uint8Array): void {
    this.#hash.update(data)
  }

  async digest (): Promise<Uint8Array> {
    return this.#hash.digest()
  }

  reset (): void {}
}

t.test('requests of AWS\'s test suite get the signatures it names', t => {
  for (const [name, example] of Object.entries(SUITE)) t.equal(signatureOf(example), example.signature, name)
  t.end()
})

t.test('requests of AWS\'s documentation get the signatures it names', t => {
  for (const [name, example] of Object.entries(DOCUMENTED)) t.equal(signatureOf(example), example.signature, name)
  t.end()
})

t.test('calls are signed as the SDK signs them, whatever is in them', async t => {
  for (let index = 0; index < 3_000; index++) {
    const random = new Random(7, index)
    const { scope, request, body } = randomCall(random)
    const theirs = await signedBySdk(scope, request, body)
    const { date, authorization } = new RequestSigner({ ...scope, request: { method: 'POST', query: '', ...request } }).sign(body, scope.time)
    if (authorization === theirs['authorization'] && date === theirs['x-amz-date']) continue
    t.match({ date, authorization }, { date: theirs['x-amz-date'], authorization: theirs['authorization'] }, `call ${index}: ${JSON.stringify({ scope, request })}`)
    return
  }
})

t.test('one signer signs as the SDK does as seconds and days pass, forth and back', async t => {
  const random = new Random(11, 0)
  const { scope, request } = randomCall(random)
  const signer = new RequestSigner({ ...scope, request: { method: 'POST', query: '', ...request } })
  let time = Date.UTC(2026, 11, 31, 23, 50)
  for (let index = 0; index < 1_000; index++) {
    time += random.pick([0, 1, 400, 1_000, 60_000, 3_600_000, -1_000, -86_400_000])
    const body = Buffer.from(String(index))
    const theirs = await signedBySdk({ ...scope, time }, request, body)
    if (signer.sign(body, time).authorization === theirs['authorization']) continue
    t.equal(signer.sign(body, time).authorization, theirs['authorization'], `call ${index} at ${new Date(time).toISOString()}`)
    return
  }
})

function signatureOf (example: Example): string {
  const { time, region, service, identity } = { ...SUITE_SCOPE, ...example }
  const { method = 'GET', path = '/', query = '', headers, body = '', token } = example
  const signer = new RequestSigner({
    identity: { ...identity, sessionToken: token },
    region,
    service,
    request: { method, path, query, headers: { host: 'example.amazonaws.com', ...headers } }
  })
  return signer.sign(Buffer.from(body), time).authorization.replace(/^.*Signature=/, '')
}

function randomCall (random: Random) {
  const text = (alphabet: string, most: number): string => Array.from({ length: 1 + random.below(most) }, () => random.pick([...alphabet])).join('')
  const letters = 'abcdefghijklmnopqrstuvwxyz0123456789'
  const secret = `${letters}ABCDEFGHIJKLMNOPQRSTUVWXYZ/+=`
  return {
    scope: {
      time: Date.UTC(1990 + random.below(100), random.below(12), random.below(31), random.below(24), random.below(60), random.below(60), random.below(1000)),
      region: random.pick(['eu-west-1', 'us-gov-east-1', 'cn-north-1', text(letters, 20)]),
      service: random.pick(['dynamodb', 'sqs', text(letters, 12)]),
      identity: {
        accessKeyId: text(secret, 30),
        secretAccessKey: text(secret, 60),
        ...(random.below(2) === 0 ? {} : { sessionToken: text(secret, 800) })
      }
    },
    request: {
      path: random.pick(['/', '', `/${text(`${letters}/.`, 30)}`, `/${text(`${letters}/%~!'()*;:@&=+$,é😀ß `, 30)}`, `/${text('/.', 8)}/`]),
      headers: {
        host: `${text(letters, 30)}.amazonaws.com${random.pick(['', ':8000'])}`,
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': random.pick(['DynamoDB_20120810.BatchWriteItem', 'AmazonSQS.SendMessageBatch']),
        [`x-${text(`${letters}-`, 12)}`]: text(`${letters}ABC  \t,;:"é`, 40)
      }
    },
    body: Buffer.from(Array.from({ length: random.below(2_000) }, () => random.below(256)))
  }
}

/** What the SDK's own signer adds to a call. Without a header that repeats the hash of the body, which only S3 asks for. */
async function signedBySdk ({ time, region, service, identity }: Scope, { path, headers }: { path: string, headers: Readonly<Record<string, string>> }, body: Buffer): Promise<Record<string, string>> {
  const signer = new SignatureV4({ region, service, credentials: identity, sha256: Sha256, applyChecksum: false })
  const request = { method: 'POST', protocol: 'https:', hostname: 'host', path, query: {}, headers: { ...headers }, body }
  return (await signer.sign(request, { signingDate: new Date(time) })).headers
}

function bytesOf (secret: ArrayBuffer | ArrayBufferView): Uint8Array {
  return ArrayBuffer.isView(secret) ? new Uint8Array(secret.buffer, secret.byteOffset, secret.byteLength) : new Uint8Array(secret)
}

function sha256 (text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
