import t from 'tap'
import { type LedgerEntry } from '../../../src/generator/ledger.js'
import { checkCommits } from '../../faults/harness/check-commits.js'
import { eventEnds } from '../../faults/harness/event-ends.js'

const ENTRIES = [0, 1, 3, 4].map(offset => entry(0, offset))
const END_OF = eventEnds({ acceptedAt: { '0:0': 100, '0:1': 300, '0:4': 150 }, handedOver: [{ queue: 'retry', uid: '0:4', partition: 0, offset: 4, at: 120, retryCount: 1 }] }, new Map([['0:3', { at: 200 }]]))

t.test('a commit may pass what has its end: its message, its dead letter, its place in the retry queue', t => {
  t.same(violations([{ offset: 1, at: 100 }, { offset: 2, at: 300 }, { offset: 3, at: 300 }, { offset: 5, at: 310 }]), [])
  t.end()
})

t.test('a commit before the end of a record that it passes is found, with place and time', t => {
  t.same(violations([{ offset: 5, at: 250 }]), ['partition 0: 5 was committed 50 ms before offset 1 had its end'])
  t.end()
})

t.test('a record without any end must never be passed', t => {
  t.same(checkCommits([{ partition: 1, offset: 8, at: 1_000 }], [entry(1, 7)], END_OF), ['partition 1: 8 was committed and offset 7 had no end'])
  t.end()
})

t.test('each partition is judged by its own commits', t => {
  t.same(checkCommits([{ partition: 1, offset: 5, at: 0 }], ENTRIES, END_OF), [])
  t.end()
})

function violations (commits: ReadonlyArray<{ readonly offset: number, readonly at: number }>): string[] {
  return checkCommits(commits.map(commit => ({ partition: 0, ...commit })), ENTRIES, END_OF)
}

function entry (partition: number, offset: number): LedgerEntry {
  const uid = `${partition}:${offset}`
  return { index: offset, uid, client: 'a', kind: 'test', expected: 'valid', sha256: '', bytes: 1, place: { topic: 'run', partition, offset } }
}
