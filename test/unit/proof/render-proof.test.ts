import t from 'tap'
import { type DeliveryProof } from '../../../src/proof/delivery/prove-delivery.js'
import { deliveryProofRows } from '../../../src/proof/delivery/render-delivery-proof.js'
import { type Difference, DIFFERENCES, Differences } from '../../../src/proof/differences.js'
import { summariseLatency } from '../../../src/proof/latency.js'
import { type Proof } from '../../../src/proof/prove-events.js'
import { renderDifferences } from '../../../src/proof/proof-rows.js'
import { proofRows } from '../../../src/proof/render-proof.js'
import { type RoutingProof } from '../../../src/proof/routing/prove-routing.js'
import { routingProofRows } from '../../../src/proof/routing/render-routing-proof.js'

const GOOD: Proof = {
  agrees: true,
  produced: { records: 10, valid: 8, invalid: 2, repeats: 0 },
  rows: { expected: 8, found: 8 },
  messages: new Map([['Client_A', { expected: 8, found: 8, repeats: 0 }]]),
  deadLetters: { expected: 2, found: 2, repeats: 0, byReason: new Map([['NOT_JSON', { expected: 2, found: 2 }]]) },
  offsets: { partitions: 12, atEnd: 12 },
  order: { lanes: 3, inversions: 0 },
  retryQueueMessages: 0,
  differences: [],
  latenciesMs: () => []
}

const GOOD_ROUTING: RoutingProof = {
  agrees: true,
  produced: { records: 10, valid: 8, invalid: 2, fanOut: 3 },
  destinations: new Map([['FINANCE', { expected: 8, found: 8, repeats: 0 }]]),
  deadLetters: { expected: 2, found: 2, repeats: 0, byReason: new Map([['NOT_AVRO', { expected: 2, found: 2 }]]) },
  offsets: { partitions: 3, atEnd: 3 },
  order: { lanes: 3, inversions: 0 },
  differences: [],
  latenciesMs: () => []
}

const GOOD_DELIVERY: DeliveryProof = {
  agrees: true,
  accepted: 10,
  inTopic: 10,
  destinations: [{ destination: 'archive', delivered: 9, undelivered: 1, requests: 13, deadLetters: 1, offsets: { partitions: 3, atEnd: 3 } }],
  differences: []
}
/** Kinds that only some of the pipelines can have. */
const ONLY_EVENTS = /^(row-|message-|order-|retry-)/
const ONLY_ROUTING = /^output-/
const ONLY_DELIVERY = /^delivery-/

t.test('when everything agrees every row has a tick and its figure', t => {
  t.ok(proofRows(GOOD).every(([mark]) => mark === '✓'))
  t.ok(routingProofRows(GOOD_ROUTING).every(([mark]) => mark === '✓'))
  t.ok(deliveryProofRows(GOOD_DELIVERY).every(([mark]) => mark === '✓'))
  t.match(proofRows(GOOD).find(([, what]) => what === 'produced')?.[2], /^10 = 8 valid \+ 2 invalid$/)
  t.equal(renderDifferences([]), '')
  t.end()
})

t.test('every kind of difference crosses out a row', t => {
  for (const kind of Object.keys(DIFFERENCES) as Array<Difference['kind']>) {
    const wrong = { agrees: false, differences: [{ kind, count: 1, examples: ['archive: x'] }] }
    const crossed = (rows: ReadonlyArray<readonly [string, string, string]>): boolean => rows.some(([mark]) => mark === '✗')
    if (![ONLY_ROUTING, ONLY_DELIVERY].some(only => only.test(kind))) t.ok(crossed(proofRows({ ...GOOD, ...wrong })), kind)
    if (![ONLY_EVENTS, ONLY_DELIVERY].some(only => only.test(kind))) t.ok(crossed(routingProofRows({ ...GOOD_ROUTING, ...wrong })), kind)
    if (![ONLY_EVENTS, ONLY_ROUTING].some(only => only.test(kind))) t.ok(crossed(deliveryProofRows({ ...GOOD_DELIVERY, ...wrong })), kind)
  }
  t.end()
})

t.test('a figure that is not the expected one says both', t => {
  const rows = proofRows({ ...GOOD, rows: { expected: 8, found: 7 }, differences: [{ kind: 'row-missing', count: 1, examples: ['x'] }] })
  t.same(rows.find(([, what]) => what === 'rows in the table'), ['✗', 'rows in the table', '7, expected 8'])
  t.end()
})

t.test('differences are counted, and the first few of each kind are shown', t => {
  const differences = new Differences()
  for (let index = 0; index < 12; index++) differences.add('row-missing', `record ${index}`)
  const text = renderDifferences(differences.list())
  t.match(text, /12 × no row in the table/)
  t.match(text, /record 4\n.*… and 7 more/)
  t.notMatch(text, /record 5/)
  t.end()
})

t.test('percentiles are those of the nearest rank', t => {
  t.same(summariseLatency(Array.from({ length: 100 }, (_, index) => 100 - index)), { count: 100, p50Ms: 50, p99Ms: 99, maxMs: 100 })
  t.same(summariseLatency([10, 9, 100]), { count: 3, p50Ms: 10, p99Ms: 100, maxMs: 100 })
  t.equal(summariseLatency([]), undefined)
  t.end()
})
