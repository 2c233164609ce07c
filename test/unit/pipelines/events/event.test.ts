import t from 'tap'
import { deduplicationIdOf, messageBodyOf } from '../../../../src/pipelines/events/event.js'

/** As SQS states it. */
function isTaken (code: number): boolean {
  return code === 0x9 || code === 0xA || code === 0xD || (code >= 0x20 && code <= 0xD7FF) || (code >= 0xE000 && code <= 0xFFFD) || code >= 0x10000
}

/** JSON has those below 0x20 as escapes only, and UTF-8 has no surrogates. */
function standsInJson (code: number): boolean {
  return code >= 0x20 && (code < 0xD800 || code > 0xDFFF)
}

t.test('of all characters of a JSON text exactly those that SQS refuses are escaped', async t => {
  for (let code = 0; code <= 0x10FFFF; code++) {
    if (!standsInJson(code)) continue
    const character = String.fromCodePoint(code)
    const expected = isTaken(code) ? character : `\\u${code.toString(16).padStart(4, '0')}`
    if (messageBodyOf(Buffer.from(character)).toString() !== expected) t.fail(code.toString(16))
  }
  t.pass()
})

t.test('escaping keeps the meaning', async t => {
  const event = { note: 'a\uFFFEb\uFFFFc\uFFFD\uFF21\u{1F600}\\\uFFFF', '\uFFFE': 1 }
  const body = messageBodyOf(Buffer.from(JSON.stringify(event))).toString()
  t.notMatch(body, /[\uFFFE\uFFFF]/)
  t.same(JSON.parse(body), event)
})

t.test('a body without such characters is the text itself', async t => {
  for (const text of ['{}', '"\u{1F600}\uFF21"', '"é"']) {
    const bytes = Buffer.from(text)
    t.ok(messageBodyOf(bytes).equals(bytes))
  }
})

t.test('the deduplication id tells events apart and knows a replay', async t => {
  const idOf = (text: string): string => deduplicationIdOf(Buffer.from(text))
  t.equal(idOf('{"uid":"a"}'), idOf('{"uid":"a"}'))
  t.not(idOf('{"uid":"a"}'), idOf('{"uid":"b"}'))
  t.not(idOf('{"uid":"a"}'), idOf('{"uid":"a" }'))
  t.match(idOf('{}'), /^[0-9a-f]{64}$/)
})
