import { type Message } from 'node-rdkafka'
import t from 'tap'
import { toSourceRecord } from '../../../../src/connectors/kafka/message.js'
import { toSourceRecords } from '../../../../src/connectors/kafka/polled-records.js'
import { bytesOf, type SourceRecord } from '../../../../src/engine/record.js'

const MESSAGES = [
  message({ key: Buffer.from('k'), value: Buffer.from('first') }),
  message({ value: Buffer.from('no key') }),
  message({ key: Buffer.from('tombstone'), value: null }),
  message({ key: Buffer.alloc(0), value: Buffer.alloc(0) }),
  message({ value: null }),
  message({ key: 'text', value: Buffer.from('of another client') }),
  message({ key: Buffer.from('large'), value: Buffer.alloc(5_000, 'x') }),
  message({ key: Buffer.from('last'), value: Buffer.from([0, 255]), headers: [{ trace: Buffer.from('a') }, { trace: 'b' }], timestamp: 7 })
]

t.test('a poll becomes what each of its messages would by itself', async t => {
  t.strictSame(toSourceRecords(MESSAGES).map(partsOf), MESSAGES.map(message => partsOf(toSourceRecord(message))))
  t.strictSame(toSourceRecords([]), [])
})

t.test('small records share memory, and keep nothing of what the client gave', async t => {
  const messages = MESSAGES.map(message => ({ ...message, value: message.value === null ? null : Buffer.from(message.value) }))
  const before = toSourceRecords(messages).map(partsOf)
  const records = toSourceRecords(messages)
  for (const { value } of messages.filter(({ value }) => value !== null && value.length < 5_000)) value?.fill(1)
  t.strictSame(records.map(partsOf), before)
  t.equal(records[0]?.value?.buffer, records[1]?.value?.buffer)
})

t.test('a record that lets go keeps its bytes and no others', async t => {
  const records = toSourceRecords(MESSAGES)
  const before = records.map(partsOf)
  const shared = records[0]?.value?.buffer
  for (const record of records) {
    record.detach?.()
    record.detach?.()
  }
  t.strictSame(records.map(partsOf), before)
  for (const { key, value } of records) {
    for (const part of [key, value]) t.not(part?.buffer, shared)
  }
  t.equal(records[0]?.value?.buffer.byteLength, bytesOf(records[0] as SourceRecord))
})

function message (fields: Partial<Message>): Message {
  return { topic: 'events', partition: 3, offset: 41, size: 0, value: null, ...fields }
}

function partsOf (record: SourceRecord): unknown {
  const { topic, partition, offset, key, value, headers, timestamp } = record
  return { topic, partition, offset, key, value, headers, timestamp, bytes: bytesOf(record) }
}
