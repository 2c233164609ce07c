import t from 'tap'
import { readEvents } from '../../../src/ingest/read-events.js'

const EVENT = { user_id: 'user_test_1', payload: 'event click !!!!' }
const MAX_EVENTS = 3

t.test('An object is one event, an array and lines are batches', async t => {
  t.strictSame(json(EVENT), { events: [EVENT], isBatch: false })
  t.strictSame(json([EVENT]), { events: [EVENT], isBatch: true }, 'even of one')
  t.strictSame(lines(`${JSON.stringify(EVENT)}\r\n\n \t\n${JSON.stringify(EVENT)}`), { events: [EVENT, EVENT], isBatch: true }, 'blank lines are none')
})

t.test('Texts of any script pass as they are', async t => {
  for (const [name, text] of Object.entries({ emoji: 'ação 💥', blank: 'a b', escaped: '"\\', separator: '\u2028', long: 'x'.repeat(256) })) {
    const event = { user_id: text, payload: `${text}\n\u0000` }
    t.strictSame(json(event), { events: [event], isBatch: false }, name)
  }
})

t.test('What is no event is refused by its place and rule, and nothing of it is quoted', async t => {
  const cases: ReadonlyArray<readonly [unknown, string]> = [
    [null, '$: type'], ['secret', '$: type'], [7, '$: type'], [{}, '$.user_id: required'],
    [{ user_id: 'a' }, '$.payload: required'],
    [{ ...EVENT, user_id: '' }, '$.user_id: minLength'],
    [{ ...EVENT, user_id: 'x'.repeat(257) }, '$.user_id: maxLength'],
    [{ ...EVENT, user_id: 'a\nb' }, '$.user_id: pattern'],
    [{ ...EVENT, user_id: '\ud800' }, '$.user_id: pattern'],
    [{ ...EVENT, user_id: 7 }, '$.user_id: type'],
    [{ ...EVENT, payload: { secret: 1 } }, '$.payload: type'],
    [{ ...EVENT, tenant: 'secret' }, '$: additionalProperties']
  ]
  for (const [value, detail] of cases) {
    t.strictSame(json(value), { flaws: [{ code: 'SCHEMA_VIOLATION', detail }] }, detail)
  }
})

t.test('What is no JSON, or is read in two ways, is refused', async t => {
  const cases: ReadonlyArray<readonly [string | Buffer, string]> = [
    ['', 'EMPTY_VALUE'], ['{', 'NOT_JSON'], ['{}x', 'NOT_JSON'], ['\uFEFF{}', 'BYTE_ORDER_MARK'], [Buffer.from([0x22, 0xFF, 0x22]), 'NOT_UTF8'],
    ['{"user_id":"a","payload":"b","user_id":"c"}', 'DUPLICATE_KEY'], ['{"__proto__":{},"user_id":"a","payload":"b"}', 'FORBIDDEN_KEY'],
    ['['.repeat(100_000), 'TOO_DEEP'], [`{${'"a":1,'.repeat(1_000)}"b":1}`, 'TOO_MANY_KEYS']
  ]
  for (const [text, code] of cases) {
    t.match(readEvents({ form: 'json', bytes: Buffer.from(text) }, MAX_EVENTS), { flaws: [{ code }] }, code)
  }
})

t.test('All that is wrong with a batch is said at once, event by event', async t => {
  t.strictSame(json([EVENT, {}, { ...EVENT, payload: 1 }]), {
    flaws: [
      { index: 1, code: 'SCHEMA_VIOLATION', detail: '$.user_id: required' },
      { index: 2, code: 'SCHEMA_VIOLATION', detail: '$.payload: type' }
    ]
  })
  t.strictSame(lines(`${JSON.stringify(EVENT)}\n{\n[]x`), {
    flaws: [
      { index: 1, code: 'NOT_JSON', detail: 'malformed at character 1' },
      { index: 2, code: 'NOT_JSON', detail: 'malformed at character 2' }
    ]
  })
  const many = readEvents({ form: 'json', bytes: Buffer.from(JSON.stringify(new Array(500).fill(0))) }, 1_000)
  t.equal('flaws' in many && many.flaws.length, 20, 'but no more than anybody reads')
})

t.test('A batch holds at least one event and at most so many', async t => {
  t.match(json([]), { flaws: [{ code: 'EMPTY_BATCH' }] })
  t.match(lines('\n\n'), { flaws: [{ code: 'EMPTY_BATCH' }] })
  t.match(json([EVENT, EVENT, EVENT]), { isBatch: true })
  t.match(json([EVENT, EVENT, EVENT, EVENT]), { flaws: [{ code: 'TOO_MANY_EVENTS', detail: 'a batch holds at most 3 events' }] })
  t.match(lines(`${JSON.stringify(EVENT)}\n`.repeat(4)), { flaws: [{ code: 'TOO_MANY_EVENTS' }] })
})

function json (value: unknown) {
  return readEvents({ form: 'json', bytes: Buffer.from(JSON.stringify(value)) }, MAX_EVENTS)
}

function lines (text: string) {
  return readEvents({ form: 'lines', bytes: Buffer.from(text) }, MAX_EVENTS)
}
