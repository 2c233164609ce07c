import { type SigningIdentity } from './request-signer.js'

/** Where the calls of an operation go, and as whom. */
export interface CallTarget {
  /** `https://dynamodb.eu-west-1.amazonaws.com`, with a port where it is not the scheme's. */
  readonly origin: string
  readonly path: string
  /** Those that are the same in every call, by lower-case name. */
  readonly headers: Readonly<Record<string, string>>
  readonly identity: SigningIdentity & { readonly expiration?: Date | undefined }
  readonly region: string
  readonly service: string
}

/** A middleware of the SDK, for a command's `finalizeRequest` step, behind all others. */
export type LastMiddleware = <Args extends object, Output>(next: (args: Args) => Promise<Output>, context: object) => (args: Args) => Promise<Output>

/** Headers that are made for each call, or that tell AWS of retries and traces. */
const OF_ONE_CALL = new Set([
  'authorization', 'x-amz-date', 'x-amz-content-sha256', 'x-amz-security-token', 'content-length', 'x-amz-user-agent', 'x-amzn-trace-id',
  'amz-sdk-invocation-id', 'amz-sdk-request'
])

/**
 * Asks the SDK where a call would go: it builds, resolves and signs one, and is stopped before it sends it. So the
 * endpoint (variables, profile, region, account), the credentials, the region and name that are signed are the SDK's own
 * decisions. `send` sends a command that carries the middleware. Rejects with what the SDK rejects with: no region, no
 * credentials.
 */
export async function askTarget (send: (middleware: LastMiddleware) => Promise<unknown>): Promise<CallTarget> {
  let target: CallTarget | undefined
  const stop = new Error('not to be sent')
  try {
    await send((_, context) => async args => {
      target = targetOf((args as { readonly request: BuiltRequest }).request, context as BuiltContext)
      throw stop
    })
  } catch (error) {
    if (error !== stop) throw error
  }
  if (target === undefined) throw new Error('the SDK has built no call')
  return target
}

/** What the SDK hands to middleware; its types leave it open. */
interface BuiltRequest {
  readonly protocol: string
  readonly hostname: string
  readonly port?: number
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
}

interface BuiltContext {
  readonly __smithy_context: {
    readonly selectedHttpAuthScheme: {
      readonly identity: CallTarget['identity']
    }
  }
}

function targetOf ({ protocol, hostname, port, path, headers }: BuiltRequest, context: BuiltContext): CallTarget {
  const { identity } = context.__smithy_context.selectedHttpAuthScheme
  const [region, service] = scopeOf(headers['authorization'] ?? '')
  return {
    origin: `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}`,
    path,
    headers: Object.fromEntries(Object.entries(headers).filter(([name]) => !OF_ONE_CALL.has(name))),
    identity,
    region,
    service
  }
}

/** From `AWS4-HMAC-SHA256 Credential=<key>/<day>/<region>/<service>/aws4_request, …`: what was signed in the end. */
function scopeOf (authorization: string): [region: string, service: string] {
  const [, region, service] = /^AWS4-HMAC-SHA256 Credential=[^,]*\/\d{8}\/([^/,]+)\/([^/,]+)\/aws4_request,/.exec(authorization) ?? []
  if (region === undefined || service === undefined) throw new Error('the SDK signs calls in another way')
  return [region, service]
}
