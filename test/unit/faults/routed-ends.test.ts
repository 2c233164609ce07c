import t from 'tap'
import { type RoutingEntry } from '../../../src/generator/ledger.js'
import { messageKey, routedEnds } from '../../faults/harness/routed-ends.js'

const endOf = routedEnds(new Map([[messageKey('0:1', 'FINANCE'), 100], [messageKey('0:1', 'Marketing'), 300]]), new Map([['0:2', { at: 200 }]]))

t.test('a record has its end when the last of its destinations has its message', t => {
  t.equal(endOf(entry('valid', ['finance']), '0:1'), 100)
  t.equal(endOf(entry('valid', ['finance', 'MARKETING']), '0:1'), 300)
  t.end()
})

t.test('a record that lacks one of its messages has none', t => {
  t.equal(endOf(entry('valid', ['finance', 'logistics']), '0:1'), Infinity)
  t.end()
})

t.test('an invalid record has its end with its dead letter', t => {
  t.equal(endOf(entry('NOT_AVRO', []), '0:2'), 200)
  t.equal(endOf(entry('NOT_AVRO', []), '0:3'), Infinity)
  t.end()
})

function entry (expected: RoutingEntry['expected'], destinations: readonly string[]): RoutingEntry {
  return { index: 0, kind: 'test', expected, destinations, sha256: '', bytes: 1, place: { topic: 'run', partition: 0, offset: 0 } }
}
