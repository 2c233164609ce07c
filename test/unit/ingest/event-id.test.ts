import t from 'tap'
import { eventId, isIdempotencyKey } from '../../../src/ingest/event-id.js'

t.test('The same tenant, key and place have the same id; any other have another', async t => {
  t.equal(eventId('acme', 'order-1', 0), eventId('acme', 'order-1', 0))
  t.match(eventId('acme', 'order-1', 0), /^evt_[0-9a-f]{32}$/)
  const ids = [eventId('acme', 'order-1', 0), eventId('acme', 'order-1', 1), eventId('acme', 'order-2', 0), eventId('other', 'order-1', 0), eventId('acme\0order-1', '0', 0)]
  t.equal(new Set(ids).size, ids.length)
})

t.test('Without a key every event is another', async t => {
  t.match(eventId('acme', undefined, 0), /^evt_[0-9a-f]{32}$/)
  const ids = Array.from({ length: 2_000 }, () => eventId('acme', undefined, 0))
  t.equal(new Set(ids).size, ids.length)
})

t.test('A key is 1 to 255 visible ASCII characters', async t => {
  for (const key of ['a', '"8e03978e-40d5-43e8-bc93-6894a57f9324"', '~'.repeat(255)]) t.ok(isIdempotencyKey(key), key)
  for (const key of ['', 'a b', 'é', 'a\n', '~'.repeat(256)]) t.notOk(isIdempotencyKey(key), JSON.stringify(key))
})
