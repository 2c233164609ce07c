import t from 'tap'
import { type SourceRecord } from '../../../../src/engine/record.js'
import { headersWithOrigin, toMessageHeaders } from '../../../../src/connectors/kafka/message-headers.js'

t.test('text passes as it is, each header in its place, the same name again too', async t => {
  t.strictSame(toMessageHeaders([['trace', Buffer.from('00-äö-01')], ['trace', Buffer.from('')]]), [{ trace: '00-äö-01' }, { trace: '' }])
})

t.test('what the client would spoil is sent in base64, under a name that says so', async t => {
  for (const bytes of [Buffer.from([0xFF, 0xFE]), Buffer.from('a\0b')]) {
    t.strictSame(toMessageHeaders([['span', bytes]]), [{ 'penstock-base64-span': bytes.toString('base64') }])
  }
})

t.test('text that has the replacement character is text', async t => {
  t.strictSame(toMessageHeaders([['name', Buffer.from('J\uFFFDrg')]]), [{ name: 'J\uFFFDrg' }])
})

t.test('a header without a value is sent empty, never as the text null', async t => {
  t.strictSame(toMessageHeaders([['flag', null]]), [{ flag: '' }])
})

t.test('a message says where it comes from', async t => {
  const record: SourceRecord = { topic: 'a', partition: 2, offset: 41, timestamp: 7, key: null, value: null, headers: [['trace', Buffer.from('1')]] }
  t.strictSame(headersWithOrigin(record), [{ trace: '1' }, { 'penstock-origin': 'a:2:41:7' }])
})
