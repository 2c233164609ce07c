import t from 'tap'
import { deduplicationId, type EventFields, escapeRefused, needsEscapes, toPayload } from '../../../../src/pipelines/events/event.js'
import { decodeEvents, encodeEvents } from '../../../../src/pipelines/events/event-columns.js'

/** As SQS states it. */
function isTaken (code: number): boolean {
  return code === 0x9 || code === 0xA || code === 0xD || (code >= 0x20 && code <= 0xD7FF) || (code >= 0xE000 && code <= 0xFFFD) || code >= 0x10000
}

t.test('of all characters exactly those that SQS refuses are escaped', async t => {
  for (let code = 0; code <= 0x10FFFF; code++) {
    const character = String.fromCodePoint(code)
    const expected = isTaken(code) ? character : `\\u${code.toString(16).padStart(4, '0')}`
    if (escapeRefused(character) !== expected || needsEscapes(character) === isTaken(code)) t.fail(code.toString(16))
  }
  t.pass()
})

t.test('escaping keeps the meaning', async t => {
  const event = { note: 'a\uFFFEb\uFFFFc\u{1F600}\\\uFFFF', '\uFFFE': 1 }
  const text = JSON.stringify(event)
  t.ok(needsEscapes(text))
  t.same(JSON.parse(escapeRefused(text)), event)
  t.equal(escapeRefused('\u{1F600}'), '\u{1F600}', 'a pair is one character')
})

t.test('the deduplication id tells events apart and knows a replay', async t => {
  t.equal(deduplicationId('a', '{}'), deduplicationId('a', '{}'))
  t.not(deduplicationId('a', '{}'), deduplicationId('a', '{ }'))
  t.not(deduplicationId('a', 'b{}'), deduplicationId('ab', '{}'))
  t.not(deduplicationId('1', '1:1'), deduplicationId('11', ':1'))
})

t.test('fields survive the way through columns', async t => {
  const fields: EventFields[] = Array.from({ length: 50 }, (_, index) => ({
    uid: `uid ${'\u{1F600}'.repeat(index % 3)}${index}`,
    context: ['a', 'b', ''][index % 3]!,
    eventType: 'a',
    client: `client ${index % 7}`,
    createdAt: '2024-09-10T04:17:09.0247241-03:00'.slice(0, 20 + index % 5),
    hasExtras: index % 2 === 0,
    needsEscapes: index % 4 > 1,
    deduplicationId: deduplicationId(String(index), '')
  }))
  t.same(decodeEvents(structuredClone(encodeEvents(fields))), fields)
  t.same(decodeEvents(encodeEvents([])), [])
})

t.test('the text is kept for events with further properties only', async t => {
  const fields = { uid: 'a', context: '', eventType: '', client: '', createdAt: '', hasExtras: true, needsEscapes: true, deduplicationId: '' }
  t.match(toPayload(fields, '"\uFFFF"'), { text: '"\uFFFF"', body: '"\\uffff"' })
  t.match(toPayload({ ...fields, hasExtras: false, needsEscapes: false }, '"x"'), { text: undefined, body: '"x"' })
})
