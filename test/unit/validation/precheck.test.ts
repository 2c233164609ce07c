import t from 'tap'
import { checkShape } from '../../../src/validation/precheck.js'
import { parseJson } from '../../../src/validation/parse-json.js'
import { LIMITS } from '../../fixtures/events.js'

function outcome (text: string, limits = LIMITS): string {
  const json = parseJson(Buffer.from(text), limits)
  return json.class === 'poison' ? json.code : 'json'
}

t.test('limits hold to the last one', async t => {
  const limits = { maxBytes: 20, maxDepth: 2, maxKeys: 2 }
  t.equal(outcome('[[]]', limits), 'json')
  t.equal(outcome('[[[]]]', limits), 'TOO_DEEP')
  t.equal(outcome('[[],[],[]]', limits), 'json', 'depth is not a count')
  t.equal(outcome('{"a":1,"b":2}', limits), 'json')
  t.equal(outcome('{"a":1,"b":2,"c":3}', limits), 'TOO_MANY_KEYS')
  t.equal(outcome('"234567890123456789"', limits), 'json')
  t.equal(outcome('"2345678901234567890"', limits), 'TOO_LARGE')
})

t.test('what looks like structure inside a string is text', async t => {
  const limits = { ...LIMITS, maxDepth: 1, maxKeys: 1 }
  t.equal(outcome('{"a":"{[:\\"{[:\\\\"}', limits), 'json')
  t.equal(outcome('{"a\\":\\\\":"}"}', limits), 'json')
  t.equal(outcome('{"a":"\\u0022{"}', limits), 'json')
})

t.test('counting stops at the end of text that is not JSON', async t => {
  for (const text of ['"', '"\\', '{"a', '\\', '{"a":"\\"']) t.type(checkShape(Buffer.from(text), LIMITS), 'number', text)
})

t.test('a key that is written twice is found wherever it is and however it is escaped', async t => {
  for (const text of [
    '{"a":1,"a":1}', '{"a":1,"\\u0061":1}', '[{"b":0},{"a":1,"a":1}]', '{"a":{"b":1},"a":{"c":1}}', '{"":1,"":1}',
    '{"1":0,"1":0}', '{"é":1,"\\u00e9":1}', '{"x":{"y":{"z":[0,[{"k":1,"k":[]}]]}}}', '{"toString":1,"toString":1}'
  ]) t.equal(outcome(text), 'DUPLICATE_KEY', text)
})

t.test('keys that only look alike are distinct', async t => {
  for (const text of [
    '{"a":1,"A":1}', '{"1":0,"01":0}', '{"é":1,"e\u0301":1}', '{"a":{"a":{"a":1}}}', '[{"a":1},{"a":1}]', '{"a":null,"b":[],"c":{}}',
    '{"toString":1,"valueOf":2,"hasOwnProperty":3,"prototype":4}', '{"a":"\\"b\\":1"}'
  ]) t.equal(outcome(text), 'json', text)
})

t.test('nothing pollutes prototypes', async t => {
  outcome('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}')
  t.notOk('polluted' in {})
})

t.test('where parsing stopped is told without a word of the text', async t => {
  for (const text of ['{"a":secret}', 'secret', '{"secret" 1}', '{"a":"secret at position 4111111111', '"secret at position 42" x', '[secret at position 42]']) {
    const json = parseJson(Buffer.from(text), LIMITS)
    t.match(json, { class: 'poison', code: 'NOT_JSON', detail: /^malformed( at character \d{1,2})?$/ }, text)
    t.notMatch(json, { detail: /42$|4111/ }, text)
  }
})
