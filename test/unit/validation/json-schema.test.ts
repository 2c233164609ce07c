import t from 'tap'
import { UsageError } from '../../../src/errors.js'
import { compileSchema } from '../../../src/validation/json-schema.js'

const DRAFT_7 = 'http://json-schema.org/draft-07/schema#'
const DRAFT_2019 = 'https://json-schema.org/draft/2019-09/schema'
const DRAFT_2020 = 'https://json-schema.org/draft/2020-12/schema'

function detailOf (schema: unknown, value: unknown): string | undefined {
  return compileSchema(schema, 'test.json')(value)?.detail
}

function refusalOf (schema: unknown): string {
  try {
    compileSchema(schema, 'test.json')
  } catch (error) {
    if (error instanceof UsageError) return error.message
    throw error
  }
  return 'compiled'
}

t.test('a rejection says place and rule, and nothing of the value', async t => {
  const schema = {
    type: 'object',
    properties: { list: { type: 'array', items: { type: 'object', properties: { name: { type: 'string', maxLength: 3 } } } } }
  }
  t.equal(detailOf(schema, { list: [{}, { name: 'secret' }] }), '$.list[1].name: maxLength')
  t.equal(detailOf(schema, []), '$: type')
  t.equal(detailOf({ required: ['uid'] }, {}), '$.uid: required')
})

t.test('property names that the schema does not write down are data and are not shown', async t => {
  const schema = { additionalProperties: { properties: { known: { type: 'number' } } } }
  t.equal(detailOf(schema, { 4111111111111111: { known: 'x' } }), '$.*.known: type')
  t.equal(detailOf({ additionalProperties: false }, { secret: 1 }), '$: additionalProperties')
  t.equal(detailOf({ propertyNames: { maxLength: 3 } }, { secret: 1 }), '$: maxLength')
})

t.test('each draft has its own keywords', async t => {
  t.equal(detailOf({ $schema: DRAFT_7, items: [{ type: 'string' }], additionalItems: false }, ['a', 1]), '$: additionalItems')
  t.equal(detailOf({ $schema: DRAFT_7, dependencies: { a: ['b'] } }, { a: 1 }), '$.b: dependencies')
  t.equal(detailOf({ $schema: DRAFT_2019, dependentRequired: { a: ['b'] } }, { a: 1 }), '$.b: dependentRequired')
  t.equal(detailOf({ $schema: DRAFT_2019, properties: { a: true }, unevaluatedProperties: false }, { b: 1 }), '$: unevaluatedProperties')
  t.equal(detailOf({ $schema: DRAFT_2020, prefixItems: [{ type: 'string' }], items: false }, ['a', 1]), '$: items')
  t.equal(detailOf({ $schema: DRAFT_2020, contains: { type: 'number' }, minContains: 2 }, [1, 'a']), '$: contains')
})

t.test('without $schema the newest draft is taken', async t => {
  t.equal(detailOf({ prefixItems: [{ type: 'string' }] }, [1]), '$[0]: type')
  t.match(refusalOf({ additionalItems: false }), /no "\$schema", so 2020-12 is assumed/)
})

t.test('a keyword of another draft is refused with its place', async t => {
  t.match(refusalOf({ $schema: DRAFT_7, properties: { a: { prefixItems: [] } } }), '#/properties/a/prefixItems: "prefixItems" is no keyword')
  t.match(refusalOf({ $schema: DRAFT_7, unevaluatedProperties: false }), '#/unevaluatedProperties')
  t.match(refusalOf({ $schema: DRAFT_7, dependentRequired: {} }), '#/dependentRequired')
  t.match(refusalOf({ $schema: DRAFT_2020, allOf: [{ $recursiveRef: '#' }] }), '#/allOf/0/$recursiveRef')
})

t.test('a keyword of no draft is refused, all of them at once', async t => {
  const message = refusalOf({ minimumLength: 3, $defs: { 'a/b': { requird: [] } } })
  t.match(message, '#/minimumLength')
  t.match(message, '#/$defs/a~1b/requird')
  for (const keyword of ['nullable', 'discriminator', '$async', 'formatMinimum']) t.match(refusalOf({ [keyword]: true }), `#/${keyword}`)
})

t.test('a property may be called like a keyword of no draft', async t => {
  t.equal(refusalOf({ properties: { nullable: { type: 'string' } }, enum: [{ nullable: 1 }], default: { foo: 1 } }), 'compiled')
})

t.test('rules beside a $ref of draft 7 are refused, because that draft ignores them', async t => {
  const beside = { definitions: { a: { type: 'string' } }, properties: { x: { $ref: '#/definitions/a', maxLength: 3 } } }
  t.match(refusalOf({ $schema: DRAFT_7, ...beside }), '#/properties/x/maxLength')
  t.equal(detailOf({ $schema: DRAFT_2019, ...beside }, { x: 'abcd' }), '$.x: maxLength')
})

t.test('what can not be honoured is refused', async t => {
  t.match(refusalOf({ $schema: 'http://json-schema.org/draft-04/schema#' }), /unknown "\$schema"/)
  t.match(refusalOf({ $schema: 7 }), /unknown "\$schema"/)
  t.match(refusalOf({ $ref: 'https://example.com/other.json' }), /does not compile/)
  t.match(refusalOf({ pattern: '(' }), /does not compile/)
  t.match(refusalOf({ patternProperties: { '[': true } }), /does not compile/)
  t.match(refusalOf({ format: 'postcode' }), /does not compile.*postcode/)
  t.match(refusalOf({ if: { type: 'string' } }), /does not compile/)
  t.match(refusalOf({ $ref: '#' }), /does not compile/)
  t.match(refusalOf({ type: 'strnig' }), /does not compile/)
  t.match(refusalOf({ properties: { a: { const: { $data: '1/b' } }, b: { maxLength: { $data: '1/a' } } } }), /does not compile/)
  t.match(refusalOf(null), /does not compile/)
})

t.test('length is checked before a pattern that may take for ever', async t => {
  t.equal(detailOf({ type: 'string', pattern: '^(a+)+$', maxLength: 64 }, `${'a'.repeat(100)}!`), '$: maxLength')
})

t.test('date-time is strict', async t => {
  t.equal(detailOf({ format: 'date-time' }, '2024-02-29 00:00:00Z'), '$: format')
  t.equal(detailOf({ format: 'date-time' }, '2024-02-29T00:00:00Z'), undefined)
})

t.test('a boolean is a schema', async t => {
  t.equal(detailOf(true, 1), undefined)
  t.match(detailOf(false, 1), /false/)
})
