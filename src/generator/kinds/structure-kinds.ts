import { type InvalidKind, kind, plus } from './kind.js'

/** The defaults of `MAX_JSON_DEPTH` and `MAX_JSON_KEYS`, and a value beyond the default of `MAX_RECORD_BYTES`. */
const MAX_DEPTH = 64
const MAX_KEYS = 10_000
const BEYOND_BYTES = 2_000_000
const LARGE = { large: true }

/** JSON that costs too much, or that two readers would understand differently. */
export const STRUCTURE_KINDS: readonly InvalidKind[] = [
  kind('one-level-too-deep', 'TOO_DEEP', event => plus(event, `"nested":${'['.repeat(MAX_DEPTH)}${']'.repeat(MAX_DEPTH)}`)),
  kind('arrays-100000-deep', 'TOO_DEEP', () => '['.repeat(100_000)),
  kind('objects-20000-deep', 'TOO_DEEP', event => plus(event, `"nested":${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`)),
  kind('arrays-1000000-deep', 'TOO_DEEP', () => '['.repeat(1_000_000), LARGE),
  kind('one-key-too-many', 'TOO_MANY_KEYS', event => plus(event, keys(MAX_KEYS - 4))),
  kind('keys-in-many-objects', 'TOO_MANY_KEYS', event => plus(event, `"list":[${'{"a":1},'.repeat(MAX_KEYS)}0]`)),
  kind('million-keys', 'TOO_LARGE', event => plus(event, keys(1_000_000)), LARGE),
  kind('two-megabytes', 'TOO_LARGE', event => plus(event, `"blob":"${'x'.repeat(BEYOND_BYTES)}"`), LARGE),
  kind('fifty-megabytes', 'TOO_LARGE', () => Buffer.alloc(50_000_000, 'x'), LARGE),

  kind('duplicate-client', 'DUPLICATE_KEY', event => plus(event, '"client":"Client_A"')),
  kind('duplicate-client-first', 'DUPLICATE_KEY', event => `{"client":"Client_X",${JSON.stringify(event).slice(1)}`),
  kind('duplicate-client-escaped', 'DUPLICATE_KEY', event => plus(event, '"\\u0063lient":"Client_A"')),
  kind('duplicate-uid', 'DUPLICATE_KEY', event => plus(event, `"uid":"${event.uid}"`)),
  kind('duplicate-extra', 'DUPLICATE_KEY', event => plus(event, '"a":1,"a":1')),
  kind('duplicate-empty-key', 'DUPLICATE_KEY', event => plus(event, '"":1,"":2')),
  kind('duplicate-nested', 'DUPLICATE_KEY', event => plus(event, '"nested":{"a":1,"a":2}')),
  kind('duplicate-in-list', 'DUPLICATE_KEY', event => plus(event, '"list":[0,{"a":1,"b":{},"a":2}]')),
  kind('duplicate-hides-object', 'DUPLICATE_KEY', event => plus(event, '"a":{"b":{"c":1}},"a":0')),

  kind('proto-key', 'FORBIDDEN_KEY', event => plus(event, '"__proto__":{"polluted":true}')),
  kind('proto-key-null', 'FORBIDDEN_KEY', event => plus(event, '"__proto__":null')),
  kind('proto-key-escaped', 'FORBIDDEN_KEY', event => plus(event, '"\\u005f_proto__":{"polluted":true}')),
  kind('proto-key-nested', 'FORBIDDEN_KEY', event => plus(event, '"list":[{"a":{"__proto__":{"polluted":true}}}]')),
  kind('constructor-key', 'FORBIDDEN_KEY', event => plus(event, '"constructor":{"prototype":{"polluted":true}}')),
  kind('constructor-key-nested', 'FORBIDDEN_KEY', event => plus(event, '"nested":{"constructor":1}'))
]

function keys (count: number): string {
  return Array.from({ length: count }, (_, index) => `"k${index}":0`).join(',')
}
