import { type ErrorObject, type ValidateFunction } from 'ajv'
import { fullFormats } from 'ajv-formats/dist/formats.js'
import { poison, type Poison } from '../engine/outcome.js'
import { describeError, UsageError } from '../errors.js'
import { findKeywordProblems, namesInSchema } from './check-schema.js'
import { isDateTime } from './date-time.js'
import { DRAFTS, findDraft } from './drafts.js'

/** Holds a parsed document against a schema; the detail is the place and the rule, never the value. */
export type SchemaCheck = (parsed: unknown) => Poison | undefined

/**
 * Compiles a schema of draft 7, 2019-09 or 2020-12, chosen by its `$schema`. Schemas are trusted code: their regular
 * expressions run as they are.
 *
 * Rules are honoured or refused, never ignored: a keyword or format nobody knows, a reference to another document or a
 * regular expression that does not compile is a `UsageError`. Formats are asserted in all drafts.
 */
export function compileSchema (schema: unknown, source: string): SchemaCheck {
  const validate = compile(schema, source)
  const names = namesInSchema(schema)
  return parsed => validate(parsed) ? undefined : poison('SCHEMA_VIOLATION', describeViolation(validate.errors?.[0], parsed, names))
}

const FORMATS = { ...fullFormats, 'date-time': isDateTime }

function compile (schema: unknown, source: string): ValidateFunction {
  const $schema = (schema as { $schema?: unknown } | null)?.$schema
  const draft = findDraft($schema)
  if (draft === undefined) {
    throw new UsageError(`${source}: unknown "$schema" ${JSON.stringify($schema)}`, DRAFTS.map(known => `supported: ${known.uri}`))
  }
  const problems = findKeywordProblems(schema, draft)
  if (problems.length > 0) throw new UsageError(`${source}: keywords that would be ignored${$schema === undefined ? ' (there is no "$schema", so 2020-12 is assumed)' : ''}`, problems)
  // Strict about what would be ignored; not about style (a "maxLength" without "type": "string" is sound).
  const ajv = draft.createAjv({ strict: true, strictTypes: false, strictTuples: false, strictRequired: false, allErrors: false, $data: false, logger: false, formats: FORMATS })
  try {
    const validate = ajv.compile(schema as object | boolean)
    validate({}) // A schema that refers to itself without end must fail here and not on every record.
    return validate
  } catch (error) {
    throw new UsageError(`${source}: the schema does not compile: ${describeError(error)}`, [])
  }
}

/** `$.client: enum`. Of property names only those of the schema are shown; any other is the sender's data. */
function describeViolation (error: ErrorObject | undefined, parsed: unknown, names: ReadonlySet<string>): string {
  if (error === undefined) return '$: false'
  let path = '$'
  let value = parsed
  for (const segment of error.instancePath.split('/').slice(1)) {
    const name = segment.replaceAll('~1', '/').replaceAll('~0', '~')
    if (Array.isArray(value)) path += `[${name}]`
    else path += names.has(name) ? `.${name}` : '.*'
    value = (value as Record<string, unknown>)[name]
  }
  const missing = (error.params as { missingProperty?: unknown }).missingProperty
  if (typeof missing === 'string') path += `.${missing}`
  return `${path}: ${error.keyword}`
}
