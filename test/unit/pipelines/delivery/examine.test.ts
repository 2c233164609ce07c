import t from 'tap'
import { type Verdict } from '../../../../src/engine/examiner.js'
import { type DeliverableEvent, createExamineEvents } from '../../../../src/pipelines/delivery/examine.js'
import { type DeliveryEvent, encodeEvent } from '../../../../src/pipelines/delivery/event.js'
import { recordOf } from '../../../helpers/engine.js'

const EVENT: DeliveryEvent = { id: 'evt_1', tenant: 'acme', user_id: 'ü', payload: 'event click !!!!', received_at: '2026-11-21T12:00:00.000Z' }
const examine = createExamineEvents(1_000)

function verdictOf (value: Buffer | string | null): Verdict<DeliverableEvent> {
  return examine([{ ...recordOf(0, 0, ''), value: typeof value === 'string' ? Buffer.from(value) : value }])[0]!
}

t.test('an event has its id, its tenant and its user', async t => {
  t.strictSame(verdictOf(encodeEvent(EVENT)), { class: 'valid', payload: { id: 'evt_1', tenant: 'acme', lane: 'acme\nü' } })
  t.match(verdictOf(JSON.stringify({ ...EVENT, further: [1] })), { class: 'valid' }, 'what else it holds is sent along')
  t.match(verdictOf(encodeEvent({ ...EVENT, payload: '' })), { class: 'valid' })
})

t.test('what is no event is poison, and the reason holds no value', async t => {
  const cases: ReadonlyArray<readonly [value: Buffer | string | null, code: string]> = [
    [null, 'EMPTY_VALUE'], ['', 'EMPTY_VALUE'], ['secret', 'NOT_JSON'], [Buffer.from([0x22, 0xFF, 0x22]), 'NOT_UTF8'],
    ['"secret"', 'SCHEMA_VIOLATION'], ['null', 'SCHEMA_VIOLATION'], ['[]', 'SCHEMA_VIOLATION'], ['{}', 'SCHEMA_VIOLATION'],
    [JSON.stringify({ ...EVENT, user_id: 7 }), 'SCHEMA_VIOLATION'], [JSON.stringify({ ...EVENT, payload: { secret: 1 } }), 'SCHEMA_VIOLATION'],
    ...['', 'a.b', 'a b', 'a\nb', 'ü', 'x'.repeat(257)].map(id => [JSON.stringify({ ...EVENT, id }), 'SCHEMA_VIOLATION'] as const),
    [JSON.stringify({ ...EVENT, payload: 'x'.repeat(1_000) }), 'TOO_LARGE'],
    [`{"id":"a","id":"b",${JSON.stringify(EVENT).slice(1)}`, 'DUPLICATE_KEY'],
    [JSON.stringify({ ...EVENT, deep: JSON.parse('['.repeat(20) + ']'.repeat(20)) as unknown }), 'TOO_DEEP']
  ]
  for (const [value, code] of cases) {
    const verdict = verdictOf(value)
    t.match(verdict, { class: 'poison', code }, String(value))
    t.notMatch(verdict, { detail: /secret/ })
  }
})
