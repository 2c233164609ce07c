/** One destination in the JSON of `DELIVERY_DESTINATIONS_FILE`, as JSON Schema 2020-12. A default stands for what is left out. */
export const DELIVERY_DESTINATION_SCHEMA = {
  type: 'object',
  required: ['name', 'url'],
  additionalProperties: false,
  properties: {
    name: {
      type: 'string',
      pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$',
      description: 'Letters, digits, ".", "_" and "-". Part of the consumer group, the dead-letter topic and the metrics: renaming starts another destination.'
    },
    url: { type: 'string', minLength: 1, maxLength: 4096, description: 'Absolute https URL, without user and fragment.' },
    method: { enum: ['POST', 'PUT', 'PATCH'], default: 'POST' },
    headers: {
      type: 'object',
      default: {},
      maxProperties: 50,
      propertyNames: { pattern: '^[!#$%&\'*+.^_`|~0-9A-Za-z-]{1,100}$' },
      additionalProperties: { type: 'string', pattern: '^[\\x20-\\x7e\\t]{0,8192}$' },
      description: 'Sent with every request; they may hold secrets.'
    },
    connectTimeoutMs: milliseconds(2_000, 10, 60_000, 'Name look-up, which has three quarters of it, TCP and TLS together.'),
    timeoutMs: milliseconds(10_000, 10, 300_000, 'A whole request, from its connection to the head of its answer.'),
    concurrency: { type: 'integer', default: 16, minimum: 1, maximum: 1_000, description: 'Requests in flight. Of one user there is never more than one.' },
    ratePerSecond: { type: 'number', exclusiveMinimum: 0, maximum: 1_000_000, description: 'Most requests a second, of one process. Without it there is no limit.' },
    retries: { type: 'integer', default: 3, minimum: 0, maximum: 100, description: 'Sends after the first, before an event counts as undeliverable.' },
    backoffBaseMs: milliseconds(250, 1, 60_000, 'Upper bound of the first wait between two sends; it doubles with each, and the wait is drawn between 0 and the bound.'),
    backoffMaxMs: milliseconds(10_000, 1, 3_600_000, 'Longest such wait.'),
    retryAfterMaxMs: milliseconds(60_000, 0, 3_600_000, 'A Retry-After that asks for more is cut to this.'),
    breakerFailures: { type: 'integer', default: 5, minimum: 1, maximum: 1_000, description: 'Failed requests in a row after which the destination is probed with one request at a time.' },
    breakerProbeMaxMs: milliseconds(30_000, 10, 3_600_000, 'Longest pause between two such probes.'),
    onExhausted: { enum: ['dead-letter', 'block'], default: 'dead-letter', description: 'What becomes of an event whose sends all failed: a dead letter, or it is tried for ever and its user\'s next events wait.' },
    signingSecrets: {
      type: 'array',
      default: [],
      maxItems: 2,
      uniqueItems: true,
      items: { type: 'string', pattern: '^whsec_[A-Za-z0-9+/]{32,88}={0,2}$' },
      description: 'Standard Webhooks: "whsec_" and 24 to 64 bytes in base64. Two while one is replaced.'
    },
    tenants: { type: 'array', minItems: 1, uniqueItems: true, items: { type: 'string', minLength: 1 }, description: 'Only the events of these tenants. Without it: all.' },
    startAt: { enum: ['earliest', 'latest'], default: 'earliest', description: 'Where a new destination begins: with all that is in the topic, or with what comes.' },
    allowHttp: { type: 'boolean', default: false, description: 'Allows an http URL.' },
    allowedNetworks: {
      type: 'array',
      default: [],
      uniqueItems: true,
      items: { type: 'string', minLength: 1 },
      description: 'Networks in CIDR notation that may be reached although they are not public, for example "10.0.0.0/8".'
    },
    deadLetterTopic: { type: 'string', pattern: '^(?!\\.{1,2}$)[a-zA-Z0-9._-]{1,249}$', description: 'Default: event-delivery-kafka-<name>.dead-letters.' }
  }
} as const

function milliseconds (fallback: number, minimum: number, maximum: number, description: string) {
  return { type: 'integer', default: fallback, minimum, maximum, description: `${description} In ms.` } as const
}
