import { type Draft } from './drafts.js'

/**
 * What is wrong with the keywords of a schema, all of it, each with its place as a JSON Pointer. A keyword that the
 * draft does not have would be ignored by a validator, and with it a rule that its author believes in.
 */
export function findKeywordProblems (schema: unknown, draft: Draft): string[] {
  const problems: string[] = []
  visit(schema, '#', draft, problems)
  return problems
}

/** Every property name that a schema writes down: these may be shown, others are data. */
export function namesInSchema (schema: unknown, names = new Set<string>()): ReadonlySet<string> {
  if (Array.isArray(schema)) {
    for (const item of schema) namesInSchema(item, names)
  } else if (isObject(schema)) {
    for (const [keyword, value] of Object.entries(schema)) {
      if (HOLDS_NAMES.has(keyword) && isObject(value)) for (const name of Object.keys(value)) names.add(name)
      namesInSchema(value, names)
    }
  }
  return names
}

const HOLDS_NAMES = new Set(['properties', 'dependentSchemas', 'dependentRequired', 'dependencies'])
const HOLDS_SCHEMAS_BY_NAME = new Set(['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas', 'dependencies'])
const HOLDS_A_SCHEMA_OR_A_LIST = new Set([
  'items', 'prefixItems', 'additionalItems', 'unevaluatedItems', 'contains', 'additionalProperties', 'propertyNames',
  'unevaluatedProperties', 'allOf', 'anyOf', 'oneOf', 'not', 'if', 'then', 'else', 'contentSchema'
])
/** What may stand beside a `$ref` that hides its neighbours: nothing of it is a rule. */
const NO_RULES = new Set(['$ref', '$id', '$schema', '$comment', 'definitions', 'title', 'description', 'default', 'examples', 'readOnly', 'writeOnly'])

function visit (schema: unknown, pointer: string, draft: Draft, problems: string[]): void {
  if (Array.isArray(schema)) {
    schema.forEach((item, index) => visit(item, `${pointer}/${index}`, draft, problems))
    return
  }
  if (!isObject(schema)) return
  const alone = draft.refStandsAlone && schema.$ref !== undefined
  for (const [keyword, value] of Object.entries(schema)) {
    const place = `${pointer}/${escapePointer(keyword)}`
    if (!draft.keywords.has(keyword)) {
      problems.push(`${place}: "${keyword}" is no keyword of ${draft.uri}`)
    } else if (alone && !NO_RULES.has(keyword)) {
      problems.push(`${place}: "${keyword}" beside "$ref" is ignored in ${draft.uri}; put both into "allOf"`)
    } else if (HOLDS_SCHEMAS_BY_NAME.has(keyword) && isObject(value)) {
      for (const [name, inner] of Object.entries(value)) {
        // A dependency may be a plain list of property names.
        if (!Array.isArray(inner)) visit(inner, `${place}/${escapePointer(name)}`, draft, problems)
      }
    } else if (HOLDS_A_SCHEMA_OR_A_LIST.has(keyword)) {
      visit(value, place, draft, problems)
    }
  }
}

function isObject (value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** RFC 6901 § 3 */
function escapePointer (name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1')
}
