import t from 'tap'
import { DEAD_LETTER_HEADERS } from '../../../src/connectors/kafka/dead-letter-stage.js'
import { type SourceRecord } from '../../../src/engine/record.js'
import { DeadLetterCheck } from '../../../src/proof/check-dead-letters.js'
import { Differences } from '../../../src/proof/differences.js'
import { deadLetter, kinds, plan, type Planned, produce, TOPIC } from './records.js'

function check (planned: readonly Planned[], letters: readonly SourceRecord[], mayRepeat = false) {
  const differences = new Differences()
  const check = new DeadLetterCheck(produce(...planned), TOPIC, differences, mayRepeat)
  for (const letter of letters) check.see(letter)
  check.finish()
  return { check, found: kinds(differences) }
}

const BAD = { uid: 'a', offset: 3, partition: 2, expected: 'NOT_JSON', value: 'no', key: 'k', headers: [['trace', Buffer.from('1')], ['none', null]] } as const satisfies Planned
const LETTER = deadLetter(plan(BAD), 'NOT_JSON')

t.test('a dead letter for the invalid record and none for the valid one agrees', t => {
  const { found, check: { byReason } } = check([BAD, { uid: 'b', offset: 4 }], [LETTER])
  t.same(found, {})
  t.same([...byReason], [['NOT_JSON', { expected: 1, found: 1 }]])
  t.end()
})

t.test('a header without a value may arrive as an empty one', t => {
  const headers = LETTER.headers.map(([name, value]) => [name, value ?? Buffer.alloc(0)] as const)
  t.same(check([BAD], [{ ...LETTER, headers }]).found, {})
  t.end()
})

t.test('a missing dead letter and one of a valid record are told', t => {
  t.same(check([BAD], []).found, { 'letter-missing': 1 })
  const valid = { uid: 'b', offset: 4 }
  t.same(check([BAD, valid], [LETTER, deadLetter(plan(valid), 'ATTEMPTS_EXHAUSTED')]).found, { 'letter-phantom': 1 })
  t.end()
})

t.test('an origin that does not exist, or in another topic, is told', t => {
  for (const [name, value] of [[DEAD_LETTER_HEADERS.offset, '4'], [DEAD_LETTER_HEADERS.topic, 'other'], [DEAD_LETTER_HEADERS.partition, 'x']] as const) {
    const headers = LETTER.headers.map(header => header[0] === name ? [name, Buffer.from(value)] as const : header)
    t.same(check([BAD], [{ ...LETTER, headers }]).found, { 'letter-phantom': 1, 'letter-missing': 1 }, name)
  }
  t.end()
})

t.test('another reason, other bytes, another key and other headers are told', t => {
  t.same(check([BAD], [deadLetter(plan(BAD), 'NOT_UTF8')]).found, { 'letter-reason': 1 })
  t.same(check([BAD], [{ ...LETTER, value: Buffer.from('No') }]).found, { 'letter-bytes': 1 })
  t.same(check([BAD], [{ ...LETTER, key: null }]).found, { 'letter-key': 1 })
  t.same(check([{ ...BAD, key: null }], [{ ...LETTER, key: Buffer.alloc(0) }]).found, { 'letter-key': 1 })
  t.same(check([BAD], [{ ...LETTER, headers: LETTER.headers.slice(1) }]).found, { 'letter-headers': 1 })
  t.end()
})

t.test('a tombstone is not a value of no bytes', t => {
  const tombstone = { ...BAD, value: null, expected: 'EMPTY_VALUE' } as const
  const letter = deadLetter(plan(tombstone), 'EMPTY_VALUE')
  t.same(check([tombstone], [letter]).found, {})
  t.same(check([tombstone], [{ ...letter, value: Buffer.alloc(0) }]).found, { 'letter-bytes': 1 })
  t.end()
})

t.test('a second dead letter is a repeat, and a fault unless repeats are tolerated', t => {
  t.same(check([BAD], [LETTER, LETTER]).found, { 'letter-repeat': 1 })
  const tolerant = check([BAD], [LETTER, LETTER], true)
  t.same(tolerant.found, {})
  t.match(tolerant.check, { found: 1, repeats: 1 })
  t.end()
})

t.test('a truncated dead letter tells the digest of the whole', t => {
  const truncated = (sha256: string): SourceRecord => ({
    ...LETTER,
    value: Buffer.from('n'),
    headers: [...LETTER.headers, [DEAD_LETTER_HEADERS.truncated, Buffer.from('yes')], [DEAD_LETTER_HEADERS.originalSha256, Buffer.from(sha256)]]
  })
  t.same(check([BAD], [truncated(plan(BAD).entry.sha256)]).found, {})
  t.same(check([BAD], [truncated('0')]).found, { 'letter-bytes': 1 })
  t.end()
})
