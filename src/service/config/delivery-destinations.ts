import { isIP } from 'node:net'
import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js'
import ipaddr from 'ipaddr.js'
import { type DeliveryDestination } from './delivery-destination.js'
import { DELIVERY_DESTINATION_SCHEMA } from './delivery-destination-schema.js'
import { custom, type Knob, parseJson } from './knob.js'

/** What the request itself decides: its body, its connection, its identity. */
const RESERVED_HEADERS = new Set([
  'connection', 'content-encoding', 'content-length', 'expect', 'host', 'keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade',
  'webhook-id', 'webhook-signature', 'webhook-timestamp'
])

const EXAMPLE = '[{"name":"bigquery","url":"https://events.example.com/in"}]'

const SCHEMA = { type: 'array', minItems: 1, items: DELIVERY_DESTINATION_SCHEMA } as const

// The schema is ours: compiled once, with the defaults filled in.
const validate = new Ajv2020({ allErrors: true, useDefaults: true, strictTypes: false }).compile<DeliveryDestination[]>(SCHEMA)

/** For editors. */
export function renderDestinationsSchema (): string {
  return `${JSON.stringify({ $schema: 'https://json-schema.org/draft/2020-12/schema', title: 'Destinations of penstock run delivery', ...SCHEMA }, null, 2)}\n`
}

/**
 * A JSON array of destinations, or a file that holds one. All that is wrong with any of them is said at once, by the name
 * of the destination and without any value that could be a secret.
 */
export function deliveryDestinations (variable: string, spec: { readonly fileVariable: string, readonly description: string }): Knob<readonly DeliveryDestination[]> {
  const knob = custom<readonly DeliveryDestination[]>(variable, { description: spec.description, default: [], example: EXAMPLE }, {
    type: 'JSON array of destinations',
    parse: text => {
      const parsed = parseJson(text)
      if (parsed === undefined) return { problem: 'is not JSON' }
      if (!validate(parsed)) return { problems: (validate.errors ?? []).map(error => describe(error, parsed)) }
      const destinations = parsed.map(destination => ({ ...destination, deadLetterTopic: destination.deadLetterTopic ?? `event-delivery-kafka-${destination.name}.dead-letters` }))
      const problems = [...repeatedNames(destinations), ...destinations.flatMap(problemsOf)]
      return problems.length > 0 ? { problems } : { value: destinations }
    },
    format: destinations => destinations.map(({ name, method, url }) => `${name}: ${method} ${new URL(url).origin}`).join(', ')
  })
  return { ...knob, secret: true, fileVariable: spec.fileVariable, secretsIn: destinations => destinations.flatMap(secretsOf) }
}

/** Short header values are words that stand in many a line: `1`, `json`. */
const MIN_SECRET_CHARS = 8

function secretsOf ({ headers, signingSecrets, url }: DeliveryDestination): string[] {
  return [...signingSecrets, ...Object.values(headers), new URL(url).search.slice(1)].filter(value => value.length >= MIN_SECRET_CHARS)
}

/** `destination "bigquery": timeoutMs must be integer`. Names of members are ours or shown as they were written. */
function describe ({ instancePath, message = 'is wrong', params, keyword }: ErrorObject, parsed: unknown): string {
  const [, index, ...path] = instancePath.split('/')
  const what = keyword === 'additionalProperties'
    ? `has an unknown member ${JSON.stringify((params as { additionalProperty: string }).additionalProperty)}`
    : keyword === 'enum' ? `${message}: ${(params as { allowedValues: string[] }).allowedValues.join(', ')}` : message
  if (index === undefined) return `the list ${what}`
  return `${nameOf(parsed, Number(index))}${path.length === 0 ? '' : ` ${path.join('.')}`} ${what}`
}

function nameOf (parsed: unknown, index: number): string {
  const member: unknown = Array.isArray(parsed) ? parsed[index] : undefined
  const name: unknown = typeof member === 'object' && member !== null && 'name' in member ? member.name : undefined
  return typeof name === 'string' ? `destination ${JSON.stringify(name)}:` : `destination ${index + 1}:`
}

/** Without regard to case: consumer groups and topics have it, people forget it. */
function repeatedNames (destinations: readonly DeliveryDestination[]): string[] {
  const seen = new Set<string>()
  return destinations.flatMap(({ name }) => {
    const key = name.toLowerCase()
    if (seen.has(key)) return [`destination "${name}": there is another of this name`]
    seen.add(key)
    return []
  })
}

/** What a schema can not say. */
function problemsOf (destination: DeliveryDestination): string[] {
  const { name, headers, allowedNetworks, connectTimeoutMs, timeoutMs, backoffBaseMs, backoffMaxMs } = destination
  return [
    ...urlProblems(destination),
    ...Object.keys(headers).filter(header => RESERVED_HEADERS.has(header.toLowerCase())).map(header => `headers may not set ${header}: the request decides it`),
    ...repeatedHeaders(headers),
    ...allowedNetworks.filter(network => !isNetwork(network)).map(network => `allowedNetworks has ${JSON.stringify(network)}, which is no network such as "10.0.0.0/8"`),
    ...(connectTimeoutMs > timeoutMs ? [`connectTimeoutMs ${connectTimeoutMs} is above timeoutMs ${timeoutMs}, which includes it`] : []),
    ...(backoffBaseMs > backoffMaxMs ? [`backoffBaseMs ${backoffBaseMs} is above backoffMaxMs ${backoffMaxMs}`] : [])
  ].map(problem => `destination "${name}": ${problem}`)
}

function urlProblems ({ url: text, allowHttp }: DeliveryDestination): string[] {
  if (!URL.canParse(text)) return ['url is no absolute URL']
  const { protocol, username, password, hash } = new URL(text)
  return [
    ...(protocol === 'https:' || protocol === 'http:' ? [] : ['url is neither https nor http']),
    ...(protocol === 'http:' && !allowHttp ? ['url is http, which "allowHttp": true would allow'] : []),
    ...(username !== '' || password !== '' ? ['url holds a user or a password; send them in headers'] : []),
    ...(hash !== '' ? ['url has a fragment'] : [])
  ]
}

function repeatedHeaders (headers: Readonly<Record<string, string>>): string[] {
  const names = Object.keys(headers).map(header => header.toLowerCase())
  return [...new Set(names.filter((header, index) => names.indexOf(header) < index))].map(header => `headers has ${header} twice`)
}

function isNetwork (text: string): boolean {
  return text.includes('/') ? ipaddr.isValidCIDR(text) : isIP(text) !== 0
}
