import t from 'tap'
import { type Report } from '../../../bench/recording-endpoint/report.js'
import { type LedgerEntry } from '../../../src/generator/ledger.js'
import { checkStores, type StoreOptions } from '../../faults/harness/check-stores.js'
import { type Letter } from '../../faults/harness/letters.js'

const QUEUE = 'run-a.fifo'
const OPTIONS: StoreOptions = { queueOf: client => `run-${client}.fifo`, attemptsMayEnd: false, unknownOutcomes: 0 }

t.test('stores that hold what was produced give no problem', t => {
  const { lost, dropped, phantoms, messages, exhausted } = check({})
  t.same({ lost, dropped, phantoms, messages, exhausted }, { lost: [], dropped: [], phantoms: [], messages: 2, exhausted: 0 })
  t.end()
})

t.test('a missing row and a missing message are losses', t => {
  t.match(check({ rows: { v1: row(1) } }).lost, [/^no row of record 0/])
  t.match(check({ bodies: { [QUEUE]: { v0: 'sha-v0' } } }).lost, [/^no message of record 1/])
  t.end()
})

t.test('a message in the queue of another client is lost to its own, and a phantom there', t => {
  const { lost, phantoms } = check({ bodies: { [QUEUE]: { v0: 'sha-v0' }, 'run-b.fifo': { v1: 'sha-v1' } } })
  t.match(lost, [/^no message of record 1/])
  t.match(phantoms, [/^a message that no valid record stands for: run-b.fifo v1/])
  t.end()
})

t.test('an invalid record needs a dead letter with its reason and its bytes', t => {
  t.match(check({ letters: {} }).dropped, [/^no dead letter of record 2/])
  t.match(check({ letters: { '0:2': letter('NOT_UTF8', 'sha-bad') } }).dropped, [/NOT_UTF8 instead of NOT_JSON/])
  t.match(check({ letters: { '0:2': letter('NOT_JSON', 'other') } }).phantoms, [/^a dead letter with other bytes/])
  t.end()
})

t.test('a valid record may be a dead letter only where that was said, and only for spent attempts', t => {
  const spent = { '0:0': letter('ATTEMPTS_EXHAUSTED', 'sha-v0'), '0:2': letter('NOT_JSON', 'sha-bad') }
  t.match(check({ letters: spent }).dropped, [/ATTEMPTS_EXHAUSTED of a valid record/])
  const allowed = check({ letters: spent, rows: { v1: row(1) }, bodies: { [QUEUE]: { v1: 'sha-v1' } } }, { attemptsMayEnd: true })
  t.same([allowed.lost, allowed.dropped, allowed.exhausted, allowed.messages], [[], [], 1, 1])
  t.match(check({ letters: { ...spent, '0:0': letter('NOT_JSON', 'sha-v0') } }, { attemptsMayEnd: true }).dropped, [/NOT_JSON of a valid record/])
  t.end()
})

t.test('what nobody produced is a phantom: a row, a message, another text, a dead letter, an older row', t => {
  t.match(check({ rows: { v0: row(0), v1: row(1), stranger: row(7) } }).phantoms, [/^a row that no valid record stands for: stranger/])
  t.match(check({ bodies: { [QUEUE]: { v0: 'sha-v0', v1: 'sha-v1', stranger: 'x' } } }).phantoms, [/^a message that no valid record/])
  t.match(check({ bodies: { [QUEUE]: { v0: 'other', v1: 'sha-v1' } } }).phantoms, [/^a message with another text/])
  t.match(check({ letters: { '0:2': letter('NOT_JSON', 'sha-bad'), '3:9': letter('NOT_JSON', 'x') } }).phantoms, [/in no ledger: 3:9/])
  t.match(check({ rows: { v0: row(0), v1: row(0) } }).phantoms, [/which is not the newest/])
  t.end()
})

t.test('a record whose production failed may be there or not, and no more than those', t => {
  const strangers = { v0: row(0), v1: row(1), stranger: row(7) }
  t.same(check({ rows: strangers }, { unknownOutcomes: 1 }).phantoms, [])
  t.equal(check({ rows: { ...strangers, b: row(8), c: row(9) } }, { unknownOutcomes: 1 }).phantoms.length, 3)
  t.end()
})

t.test('two texts of one uid are two messages, and the row is that of the newer', t => {
  const entries = [entry(0, 'valid', 'same', 'sha-old'), entry(1, 'valid', 'same', 'sha-new')]
  const found = (offset: number) => checkStores(entries, reportOf({ rows: { same: row(offset) }, bodies: { [QUEUE]: { same: 'sha-new' } } }), new Map(), OPTIONS)
  t.equal(found(1).messages, 2)
  t.same(found(1).phantoms, [])
  t.match(found(0).phantoms, [/which is not the newest/])
  t.end()
})

interface Stores {
  readonly rows?: Report['rows']
  readonly bodies?: Report['bodies']
  readonly letters?: Readonly<Record<string, Letter>>
}

/** Two valid records and one that is not JSON; what is not given agrees with them. */
function check (stores: Stores, options: Partial<StoreOptions> = {}) {
  const entries = [entry(0, 'valid', 'v0', 'sha-v0'), entry(1, 'valid', 'v1', 'sha-v1'), entry(2, 'NOT_JSON', undefined, 'sha-bad')]
  const { letters = { '0:2': letter('NOT_JSON', 'sha-bad') } } = stores
  return checkStores(entries, reportOf(stores), new Map(Object.entries(letters)), { ...OPTIONS, ...options })
}

function reportOf ({ rows = { v0: row(0), v1: row(1) }, bodies = { [QUEUE]: { v0: 'sha-v0', v1: 'sha-v1' } } }: Stores): Pick<Report, 'rows' | 'bodies'> {
  return { ...rows !== undefined && { rows }, ...bodies !== undefined && { bodies } }
}

function entry (offset: number, expected: LedgerEntry['expected'], uid: string | undefined, sha256: string): LedgerEntry {
  return { index: offset, uid, client: 'a', kind: 'test', expected, sha256, bytes: 1, place: { topic: 'run', partition: 0, offset } }
}

function row (offset: number) {
  return { sha256: '', partition: 0, offset, writes: 1, firstAt: 0 }
}

function letter (reason: string, digest: string): Letter {
  return { reason, digest, at: 0, copies: 1 }
}
