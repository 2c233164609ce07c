import t from 'tap'
import { compileExamine } from '../../../../src/pipelines/events/examine.js'
import { INVALID_KINDS } from '../../../../src/generator/invalid-kinds.js'
import { EXTRAS } from '../../../../src/generator/valid-event.js'
import { EXAMINE_OPTIONS } from '../../../fixtures/events.js'
import { EVENT } from '../../../fixtures/event.js'

const examine = compileExamine(EXAMINE_OPTIONS)

t.test('every kind of invalid record gets its own reason', async t => {
  for (const kind of INVALID_KINDS) {
    if (kind.name === 'fifty-megabytes') continue
    t.match(examine(kind.make(EVENT)), { class: 'poison', code: kind.expected }, kind.name)
  }
})

t.test('no rejection repeats anything of the record', async t => {
  for (const kind of INVALID_KINDS.filter(({ large }) => large !== true)) {
    const verdict = examine(kind.make({ ...EVENT, uid: 'canary-4711', client: 'canary-4712' }))
    t.notMatch(verdict, { detail: /canary|471/ }, kind.name)
  }
})

t.test('an original event passes, to the letter', async t => {
  const text = '{"uid":"a0237613-828d-4bce-8a7e-b1f686915d31","context":"autorizador de transações","event_type":"DELETE","client":"Client_B","created_at":"2024-09-10T04:17:09.0247241-03:00"}'
  t.match(examine(Buffer.from(text)), {
    class: 'valid',
    payload: {
      uid: 'a0237613-828d-4bce-8a7e-b1f686915d31',
      context: 'autorizador de transações',
      event_type: 'DELETE',
      client: 'Client_B',
      created_at: '2024-09-10T04:17:09.0247241-03:00'
    }
  })
})

t.test('properties beyond the schema pass', async t => {
  for (const [index, extra] of EXTRAS.entries()) {
    const text = `${JSON.stringify(EVENT).slice(0, -1)},${extra}}`
    t.match(examine(Buffer.from(text)), { class: 'valid', payload: EVENT }, `extra ${index}`)
  }
})

t.test('blanks and escapes that JSON allows pass', async t => {
  t.match(examine(Buffer.from(` \t\r\n${JSON.stringify(EVENT, null, 2)}\n`)), { class: 'valid', payload: EVENT })
  const escaped = JSON.stringify(EVENT).replaceAll('Client', '\\u0043lient')
  t.match(examine(Buffer.from(escaped)), { class: 'valid', payload: { client: EVENT.client } })
})

t.test('a uid of every plane passes, up to the longest key of the table', async t => {
  for (let plane = 0; plane <= 16; plane++) {
    const uid = String.fromCodePoint(plane * 0x1_0000 + 0x100).repeat(512)
    t.match(examine(Buffer.from(JSON.stringify({ ...EVENT, uid }))), { class: 'valid', payload: { uid } }, `plane ${plane}`)
    t.ok(Buffer.byteLength(uid) <= 2_048)
  }
})

t.test('whatever another schema allows, an event has its five strings', async t => {
  const open = compileExamine({ ...EXAMINE_OPTIONS, schema: {} })
  t.match(open(Buffer.from('{"uid":"a","context":"new","event_type":"new","client":"new","created_at":"whenever"}')), { class: 'valid', payload: { context: 'new' } })
  t.match(open(Buffer.from('{}')), { code: 'SCHEMA_VIOLATION', detail: '$.uid: type' })
  t.match(open(Buffer.from('[]')), { code: 'SCHEMA_VIOLATION', detail: '$.uid: type' })
  t.match(open(Buffer.from('null')), { code: 'SCHEMA_VIOLATION', detail: '$: type' })
})
