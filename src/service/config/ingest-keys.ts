import { Ajv2020 } from 'ajv/dist/2020.js'
import { custom, type Knob, parseJson } from './knob.js'

/** A tenant that may send events, with limits of its own. */
export interface IngestTenant {
  readonly name: string
  /** SHA-256 of each of its API keys, in hexadecimal; two while a key is replaced. */
  readonly keyHashes: readonly string[]
  /** Its keys are known and refused. */
  readonly disabled: boolean
  /** Of one process; `undefined`: no limit. */
  readonly eventsPerSecond: number | undefined
  /** Largest record of one event; `undefined`: what the topic takes. */
  readonly maxEventBytes: number | undefined
}

const EXAMPLE = '{"acme":{"keyHashes":["2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"],"eventsPerSecond":1000}}'
const HASH = '^[0-9a-fA-F]{64}$'

const validate = new Ajv2020({ allErrors: true, useDefaults: true, strictTypes: false }).compile<Record<string, Omit<IngestTenant, 'name'>>>({
  type: 'object',
  minProperties: 1,
  propertyNames: { pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$' },
  additionalProperties: {
    type: 'object',
    required: ['keyHashes'],
    additionalProperties: false,
    properties: {
      keyHashes: { type: 'array', minItems: 1, maxItems: 10, uniqueItems: true, items: { type: 'string', pattern: HASH } },
      disabled: { type: 'boolean', default: false },
      eventsPerSecond: { type: 'number', exclusiveMinimum: 0, maximum: 10_000_000 },
      maxEventBytes: { type: 'integer', minimum: 1, maximum: 900_000_000 }
    }
  }
})

/** A JSON object, each member a tenant with the hashes of its API keys. */
export function ingestKeys (variable: string, spec: { readonly description: string }): Knob<readonly IngestTenant[]> {
  const knob = custom<readonly IngestTenant[]>(variable, { ...spec, default: [], example: EXAMPLE }, {
    type: 'JSON object: tenant → `keyHashes`, `eventsPerSecond`, `maxEventBytes`, `disabled`',
    parse: text => {
      const parsed = parseJson(text)
      if (parsed === undefined) return { problem: 'is not JSON' }
      if (!validate(parsed)) {
        return { problems: (validate.errors ?? []).map(({ instancePath, message = 'is wrong' }) => `${instancePath === '' ? 'the object' : instancePath.slice(1).replaceAll('/', '.')} ${message}`) }
      }
      const tenants = Object.entries(parsed).map(([name, { keyHashes, disabled, eventsPerSecond, maxEventBytes }]) => ({ name, keyHashes, disabled, eventsPerSecond, maxEventBytes }))
      return isUnique(tenants.flatMap(({ keyHashes }) => keyHashes)) ? { value: tenants } : { problem: 'gives two tenants the same key' }
    },
    format: tenants => tenants.map(({ name, keyHashes }) => `${name} (${keyHashes.length} ${keyHashes.length === 1 ? 'key' : 'keys'})`).join(', ')
  })
  return { ...knob, secret: true, fileVariable: `${variable}_FILE`, secretsIn: tenants => tenants.flatMap(({ keyHashes }) => keyHashes) }
}

function isUnique (hashes: readonly string[]): boolean {
  return new Set(hashes.map(hash => hash.toLowerCase())).size === hashes.length
}
