import { randomBytes } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import t from 'tap'
import { createSignWebhook } from '../../../../src/connectors/http/webhook-signature.js'

const secret = (): string => `whsec_${randomBytes(32).toString('base64')}`
const BODY = Buffer.from('{"user_id":"ü","payload":"event click !!!!"}')

t.test('receivers that verify by the specification accept what is signed', async t => {
  const key = secret()
  const headers = createSignWebhook([key])('evt_1', BODY, Date.now())
  t.strictSame(new Webhook(key).verify(BODY.toString(), { ...headers }), { user_id: 'ü', payload: 'event click !!!!' })
  t.throws(() => new Webhook(key).verify(`${BODY.toString()} `, { ...headers }))
  t.throws(() => new Webhook(secret()).verify(BODY.toString(), { ...headers }))
  t.throws(() => new Webhook(key).verify(BODY.toString(), { ...headers, 'webhook-id': 'evt_2' }))
})

t.test('while a secret is replaced, both receivers accept the message', async t => {
  const [present, former] = [secret(), secret()]
  const headers = createSignWebhook([present, former])('evt_1', BODY, Date.now())
  for (const key of [present, former]) t.ok(new Webhook(key).verify(BODY.toString(), { ...headers }))
  t.throws(() => new Webhook(secret()).verify(BODY.toString(), { ...headers }))
})

t.test('a message that is old when it is sent again carries the time of its sending', async t => {
  const key = secret()
  const sign = createSignWebhook([key])
  t.throws(() => new Webhook(key).verify(BODY.toString(), { ...sign('evt_1', BODY, Date.now() - 3_600_000) }), /too old/)
  t.equal(sign('evt_1', BODY, 1_700_000_000_999)['webhook-timestamp'], '1700000000')
})

t.test('without a secret a message has its id and time, and no signature', async t => {
  t.strictSame(createSignWebhook([])('evt_1', BODY, 1_700_000_000_000), { 'webhook-id': 'evt_1', 'webhook-timestamp': '1700000000' })
})
