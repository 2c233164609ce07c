import t from 'tap'
import { DeliveryCheck } from '../../../../src/proof/delivery/check-deliveries.js'
import { type RecordedRequest, type SentEvent } from '../../../../src/proof/delivery/recorded-request.js'
import { Differences } from '../../../../src/proof/differences.js'

const EVENTS = ['a1', 'b1', 'a2'].map(id => ({ id, userId: id.charAt(0), payload: `payload of ${id}` }))

t.test('Whatever order users have among each other, and however often an event failed before, all agrees', async t => {
  t.strictSame(find(['a1 500', 'b1 0', 'a1 200', 'a2 200', 'b1 503', 'b1 500', 'b1 500']), {
    kinds: [], undelivered: ['b1'], delivered: 2, requests: 7
  })
})

t.test('An event that was never sent, or given up early, is missing', async t => {
  t.same(find(['a1 200', 'a2 200']).kinds, ['delivery-missing'])
  t.same(find(['a1 200', 'a2 200', 'b1 500', 'b1 500', 'b1 500']).kinds, ['delivery-missing'])
})

t.test('An event that is sent after it was taken, or more often than it may, is a repeat', async t => {
  t.same(find(['a1 200', 'a1 200', 'b1 200', 'a2 200']).kinds, ['delivery-repeat'])
  t.same(find([...['b1 500', 'b1 500', 'b1 500', 'b1 500', 'b1 500'], 'a1 200', 'a2 200']).kinds, ['delivery-repeat'])
})

t.test('An event that is sent before the end of its user\'s event before is out of order', async t => {
  t.same(find(['b1 200', 'a2 200', 'a1 200']).kinds, ['delivery-inverted'])
  t.same(find(['b1 200', 'a1 500', 'a2 200', 'a1 200']).kinds, ['delivery-inverted'], 'a retry is waited for')
})

t.test('A foreign id, another body and a wrong signature are seen', async t => {
  const all = ['a1 200', 'b1 200', 'a2 200']
  t.same(find([...all, 'c1 200']).kinds, ['delivery-phantom'])
  t.same(find(all, { body: JSON.stringify({ id: 'a1', user_id: 'a', payload: 'other' }) }).kinds, ['delivery-body'])
  t.same(find(all, { body: '{' }).kinds, ['delivery-body'])
  t.same(find(all, { signed: false }).kinds, ['delivery-signature'])
})

t.test('A destination that always behaves alike sees every event as often', async t => {
  t.same(find(['a1 500', 'a1 200', 'b1 500', 'b1 200', 'a2 500', 'a2 200'], {}, 2).kinds, [])
  t.same(find(['a1 500', 'a1 200', 'b1 200', 'a2 500', 'a2 200'], {}, 2).kinds, ['delivery-attempts'])
})

/** What is found when these requests arrive; `change` is made to the first of them. */
function find (requests: readonly string[], change: Partial<RecordedRequest> = {}, attempts?: number) {
  const differences = new Differences()
  const check = new DeliveryCheck(EVENTS, { destination: 'x', maxAttempts: 4, attempts }, differences)
  requests.forEach((text, at) => {
    const [id = '', status] = text.split(' ')
    const { userId, payload }: SentEvent = EVENTS.find(event => event.id === id) ?? { id, userId: '', payload: '' }
    check.see({ id, body: JSON.stringify({ id, tenant: 'default', user_id: userId, payload, received_at: '' }), signed: true, status: Number(status), ...(at === 0 ? change : {}) })
  })
  const undelivered = [...check.finish()]
  return { kinds: [...new Set(differences.list().map(({ kind }) => kind))], undelivered, delivered: check.counts.delivered, requests: check.counts.requests }
}
