/** Where events are delivered to and how, as the configuration resolves it: nothing in it is optional unless absence has a meaning. */
export interface DeliveryDestination {
  /** Letters, digits, `.`, `_` and `-`, unique: part of its consumer group, its dead-letter topic and its metrics. */
  readonly name: string
  /** Absolute, without user and fragment. `http:` only with `allowHttp`. */
  readonly url: string
  readonly method: 'POST' | 'PUT' | 'PATCH'
  /** Sent with every request; they may hold secrets. None of those that the request itself decides. */
  readonly headers: Readonly<Record<string, string>>
  /** For name look-up, TCP and TLS together. */
  readonly connectTimeoutMs: number
  /** For a whole request, its connection and its answer included. */
  readonly timeoutMs: number
  /** Requests in flight; of one user there is never more than one. */
  readonly concurrency: number
  /** Requests a second, in the long run and of this process. */
  readonly ratePerSecond: number | undefined
  /** Sends after the first, before an event counts as undeliverable. */
  readonly retries: number
  /** Capped exponential backoff with full jitter between them. */
  readonly backoffBaseMs: number
  readonly backoffMaxMs: number
  /** A `Retry-After` that asks for more is cut to this. */
  readonly retryAfterMaxMs: number
  /** Failed requests in a row after which the destination is taken to be down, and probed with one request at a time. */
  readonly breakerFailures: number
  /** Longest pause between two such probes. */
  readonly breakerProbeMaxMs: number
  /** What becomes of an event whose sends all failed: a dead letter, or it is tried for ever and its user waits. */
  readonly onExhausted: 'dead-letter' | 'block'
  /** `whsec_<base64>`, each signs every request: the present one and, during a rotation, the one before. None: unsigned. */
  readonly signingSecrets: readonly string[]
  /** Only events of these tenants; all when absent. */
  readonly tenants: readonly string[] | undefined
  /** Where it begins when its group has committed nothing. */
  readonly startAt: 'earliest' | 'latest'
  readonly allowHttp: boolean
  /** Networks in CIDR notation that may be reached although they are not public. */
  readonly allowedNetworks: readonly string[]
  readonly deadLetterTopic: string
}
