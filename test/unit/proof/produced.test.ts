import t from 'tap'
import { type LedgerEntry } from '../../../src/generator/ledger.js'
import { Differences } from '../../../src/proof/differences.js'
import { expectEvent } from '../../../src/proof/expected-event.js'
import { LedgerMatch } from '../../../src/proof/produced.js'
import { kinds, plan } from './records.js'

t.test('a topic that holds what the ledger says agrees', t => {
  const differences = new Differences()
  const { record, entry } = plan({ uid: 'a', offset: 0 })
  const match = new LedgerMatch([entry], differences, false, expectEvent)
  match.see(record)
  match.finish()
  t.same(kinds(differences), {})
  t.match(match.produced, [{ entry, partition: 0, offset: 0, timestampMs: 1_000, bodySha256: entry.sha256 }])
  t.end()
})

t.test('a record that never reached the topic is told', t => {
  const differences = new Differences()
  new LedgerMatch([plan({ uid: 'a', offset: 0 }).entry], differences, false, expectEvent).finish()
  t.same(kinds(differences), { 'not-in-topic': 1 })
  t.match(differences.list()[0]?.examples, [/uid a/])
  t.end()
})

t.test('other bytes at the place of a record are a stranger, and the record is missing', t => {
  const differences = new Differences()
  const { entry } = plan({ uid: 'a', offset: 0 })
  const match = new LedgerMatch([entry], differences, false, expectEvent)
  match.see(plan({ uid: 'b', offset: 0 }).record)
  match.finish()
  t.same(kinds(differences), { 'topic-phantom': 1, 'not-in-topic': 1 })
  t.end()
})

t.test('lines of a file are found by their bytes, each as often as it was written', t => {
  const inFile = (offset: number, line: number): LedgerEntry => ({ ...plan({ uid: 'a', offset }).entry, place: { line, fileEnd: line * 100 } })
  for (const [mayRepeat, expected] of [[false, { 'topic-repeat': 1 }], [true, {}]] as const) {
    const differences = new Differences()
    const match = new LedgerMatch([inFile(0, 1), inFile(1, 2)], differences, mayRepeat, expectEvent)
    for (const offset of [7, 9, 12]) match.see(plan({ uid: 'a', offset }).record)
    match.finish()
    t.same(kinds(differences), expected)
    t.same(match.produced.map(({ offset }) => offset), [7, 9, 12])
    t.equal(match.repeats, 1)
  }
  t.end()
})

t.test('a record whose offset the producer was not told is found by its bytes, beside those of known offsets', t => {
  const differences = new Differences()
  const { entry } = plan({ uid: 'a', offset: 0 })
  const unlocated: LedgerEntry = { ...entry, place: { topic: 'events', partition: 0 } }
  const match = new LedgerMatch([unlocated, plan({ uid: 'a', offset: 1 }).entry], differences, false, expectEvent)
  for (const offset of [0, 1]) match.see(plan({ uid: 'a', offset }).record)
  match.finish()
  t.same(kinds(differences), {})
  t.same(match.produced.map(({ offset }) => offset), [0, 1])
  t.end()
})
