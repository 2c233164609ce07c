import t from 'tap'
import { check, originOf, outputOf, type PlannedRoute, sourceOf } from './records.js'

const SINGLE: PlannedRoute = { offset: 0, destinations: ['finance'] }
const SEVERAL: PlannedRoute = { offset: 1, destinations: ['FINANCE', 'Marketing', 'LOGISTICS'] }

t.test('topics that hold what the ledger says agree', async t => {
  const { kinds, outputs } = check([SINGLE, SEVERAL], [
    outputOf(SINGLE, 'finance'), outputOf(SEVERAL, 'FINANCE'), outputOf(SEVERAL, 'Marketing'), outputOf(SEVERAL, 'LOGISTICS')
  ])
  t.same(kinds, {})
  t.same(Object.fromEntries(outputs.byDestination), {
    FINANCE: { expected: 2, found: 2, repeats: 0 }, MARKETING: { expected: 1, found: 1, repeats: 0 }, LOGISTICS: { expected: 1, found: 1, repeats: 0 }
  })
  t.same(outputs.latenciesMs(), [10, 10, 10, 10])
})

t.test('a message that is missing is told, also when the record reached its other destinations', async t => {
  t.same(check([SINGLE], []).kinds, { 'output-missing': 1 })
  t.same(check([SEVERAL], [outputOf(SEVERAL, 'FINANCE'), outputOf(SEVERAL, 'LOGISTICS')]).kinds, { 'output-missing': 1 })
})

t.test('a destination that is named in two spellings gets one message, in the first of them', async t => {
  const twice = { offset: 0, destinations: ['finance', 'FINANCE'] }
  t.same(check([twice], [outputOf(twice, 'finance')]).kinds, {})
  t.same(check([twice], [outputOf(twice, 'FINANCE')]).kinds, { 'output-fields': 1 })
})

t.test('a message in another topic, or of a record that was never meant for it, is told', async t => {
  t.same(check([SINGLE], [outputOf(SINGLE, 'finance', {}, { topic: 'processor.to.marketing' })]).kinds, { 'output-wrong-topic': 1, 'output-missing': 1 })
  t.same(check([SINGLE], [outputOf(SINGLE, 'finance'), outputOf(SINGLE, 'marketing')]).kinds, { 'output-phantom': 1 })
  const elsewhere = originOf({ ...sourceOf(SINGLE), topic: 'another' })
  t.same(check([SINGLE], [outputOf(SINGLE, 'finance'), outputOf(SINGLE, 'finance', {}, { headers: elsewhere })]).kinds, { 'output-phantom': 1 })
  t.same(check([SINGLE], [outputOf(SINGLE, 'finance'), outputOf(SINGLE, 'finance', {}, { headers: [] })]).kinds, { 'output-phantom': 1 }, 'without an origin')
})

t.test('every field is compared', async t => {
  for (const [name, value] of Object.entries({
    producer_service_id: '654321', processor_service_id: 'another', destination_type: 'FINANCE', producer_event_timestamp: 1, processor_event_timestamp: 0, payload: 'changed'
  })) {
    t.same(check([SINGLE], [outputOf(SINGLE, 'finance', { [name]: value })]).kinds, { 'output-fields': 1 }, name)
  }
})

t.test('bytes that are no message of a destination are told', async t => {
  for (const value of [null, Buffer.from('text'), Buffer.of(0, 0, 0, 0, 9, 1), Buffer.of(0, 0, 0, 0, 3, 1)]) {
    t.same(check([], [outputOf(SINGLE, 'finance', {}, { value })]).kinds, { 'output-fields': 1 })
  }
})

t.test('another key, other headers and another partition are told', async t => {
  t.same(check([SINGLE], [outputOf(SINGLE, 'finance', {}, { key: null })]).kinds, { 'output-key': 1 })
  const [, ...origin] = outputOf(SINGLE, 'finance').headers
  t.same(check([SINGLE], [outputOf(SINGLE, 'finance', {}, { headers: origin })]).kinds, { 'output-headers': 1 }, 'the trace context is lost')
  const { partition } = outputOf(SINGLE, 'finance')
  t.same(check([SINGLE], [outputOf(SINGLE, 'finance', {}, { partition: (partition + 1) % 3 })]).kinds, { 'output-partition': 1 })
})

t.test('a message that is there twice counts, and is a fault unless repeats are tolerated', async t => {
  const twice = [outputOf(SINGLE, 'finance'), outputOf(SINGLE, 'finance')]
  const { kinds, outputs } = check([SINGLE], twice)
  t.same(kinds, { 'output-repeat': 1 })
  t.same(outputs.byDestination.get('FINANCE'), { expected: 1, found: 2, repeats: 1 })
  t.same(check([SINGLE], twice, { repeats: true, inversions: false }).kinds, {})
})

t.test('messages of a key stand in the order of their records; a repeat of an earlier one is no inversion', async t => {
  const planned = [0, 1, 2].map((offset): PlannedRoute => ({ offset, destinations: ['FINANCE'] }))
  const [first, second, third] = planned.map(plan => outputOf(plan, 'FINANCE')) as [ReturnType<typeof outputOf>, ReturnType<typeof outputOf>, ReturnType<typeof outputOf>]
  t.same(check(planned, [first, third, second]).kinds, { 'output-inverted': 1 })
  t.match(check(planned, [first, third, second], { repeats: false, inversions: true }), { kinds: {}, outputs: { order: { lanes: 1, inversions: 1 } } })
  t.same(check(planned, [first, second, first, second, third], { repeats: true, inversions: false }).kinds, {})
})

t.test('records of different keys, and records without one, may overtake each other', async t => {
  for (const keys of [['a', 'b'], [null, null]]) {
    const planned = keys.map((key, offset): PlannedRoute => ({ offset, destinations: ['FINANCE'], key }))
    t.same(check(planned, planned.map(plan => outputOf(plan, 'FINANCE')).toReversed()).kinds, {})
  }
})
