import t from 'tap'
import { attributesOf, checkRow, encodeRow, itemBytes, type Row, wireBytes } from '../../../../src/connectors/dynamodb/row.js'

const rowOf = (key: string, text = ''): Row => encodeRow(key, { UUID: { S: key }, Event: { S: text } })

t.test('names and values count as UTF-8 bytes', async t => {
  t.equal(itemBytes({ UUID: { S: 'é' } }), 6)
  t.equal(itemBytes({ a: { NULL: true }, b: { BOOL: false }, c: { B: new Uint8Array(5) } }), 10)
  t.equal(itemBytes({ a: { L: [{ S: 'xy' }] } }), 1 + 3 + 1 + 2)
  t.equal(itemBytes({ a: { M: { b: { S: 'xy' } } } }), 1 + 3 + 1 + 1 + 2)
})

t.test('numbers never count less than the service counts', async t => {
  t.equal(itemBytes({ n: { N: '123456' } }), 1 + 3 + 2)
})

t.test('a row at the limit passes and one byte more does not', async t => {
  const overhead = rowOf('k').itemBytes
  t.equal(checkRow(rowOf('k', 'x'.repeat(400 * 1024 - overhead))), undefined)
  t.match(checkRow(rowOf('k', 'x'.repeat(400 * 1024 - overhead + 1))), { class: 'poison', code: 'ITEM_TOO_LARGE' })
})

t.test('a key has at most 2,048 bytes and at least one', async t => {
  t.equal(checkRow(rowOf('é'.repeat(1024))), undefined)
  t.match(checkRow(rowOf('é'.repeat(1024) + 'x')), { code: 'KEY_TOO_LARGE' })
  t.match(checkRow(rowOf('')), { code: 'REFUSED' })
})

t.test('what a row adds to a call counts as JSON writes it', async t => {
  const request = JSON.stringify({ PutRequest: { Item: { UUID: { S: 'é' }, Event: { S: '\u0001' } } } })
  t.equal(wireBytes(rowOf('é', '\u0001')), Buffer.byteLength(`${request},`))
})

t.test('attributes come back as they were encoded', async t => {
  t.strictSame(attributesOf(rowOf('é"\\\n', '\u{1F600}\uFFFF')), { UUID: { S: 'é"\\\n' }, Event: { S: '\u{1F600}\uFFFF' } })
})
