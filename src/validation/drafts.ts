import { Ajv, type Options } from 'ajv'
import { Ajv2019 } from 'ajv/dist/2019.js'
import { Ajv2020 } from 'ajv/dist/2020.js'

/** A draft of JSON Schema: how it is named in `$schema`, which keywords it has, and who compiles it. */
export interface Draft {
  readonly uri: string
  readonly keywords: ReadonlySet<string>
  /** Before 2019-09 keywords beside a `$ref` were ignored. */
  readonly refStandsAlone: boolean
  createAjv (options: Options): Ajv | Ajv2019 | Ajv2020
}

/** Without `$schema` the newest draft is taken: that is what a schema written today without a second thought means. */
export const DEFAULT_DRAFT = 'https://json-schema.org/draft/2020-12/schema'

/** `undefined` for a draft that is not supported. An empty fragment and the scheme make no difference. */
export function findDraft (uri: unknown = DEFAULT_DRAFT): Draft | undefined {
  if (typeof uri !== 'string') return undefined
  const wanted = withoutScheme(uri)
  return DRAFTS.find(draft => withoutScheme(draft.uri) === wanted)
}

const SINCE_07 = words(`
  $schema $id $ref $comment definitions dependencies
  title description default examples readOnly writeOnly contentEncoding contentMediaType format
  type enum const multipleOf maximum exclusiveMaximum minimum exclusiveMinimum
  maxLength minLength pattern maxItems minItems uniqueItems maxProperties minProperties required
  items contains properties patternProperties additionalProperties propertyNames if then else allOf anyOf oneOf not`)

const SINCE_2019 = words(`
  $defs $anchor $vocabulary deprecated contentSchema minContains maxContains dependentRequired dependentSchemas
  unevaluatedItems unevaluatedProperties`)

export const DRAFTS: readonly Draft[] = [
  {
    uri: 'http://json-schema.org/draft-07/schema',
    keywords: new Set([...SINCE_07, 'additionalItems']),
    refStandsAlone: true,
    createAjv: options => new Ajv(options)
  },
  {
    uri: 'https://json-schema.org/draft/2019-09/schema',
    keywords: new Set([...SINCE_07, ...SINCE_2019, 'additionalItems', '$recursiveRef', '$recursiveAnchor']),
    refStandsAlone: false,
    createAjv: options => new Ajv2019(options)
  },
  {
    uri: DEFAULT_DRAFT,
    keywords: new Set([...SINCE_07, ...SINCE_2019, 'prefixItems', '$dynamicRef', '$dynamicAnchor']),
    refStandsAlone: false,
    createAjv: options => new Ajv2020(options)
  }
]

function words (list: string): string[] {
  return list.trim().split(/\s+/)
}

function withoutScheme (uri: string): string {
  return uri.replace(/^https?:/, '').replace(/#$/, '')
}
