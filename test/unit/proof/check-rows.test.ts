import t from 'tap'
import { RowCheck } from '../../../src/proof/check-rows.js'
import { Differences } from '../../../src/proof/differences.js'
import { expectedRow, type RowAttributes } from '../../../src/proof/expected-event.js'
import { eventText, kinds, type Planned, produce } from './records.js'

function check (planned: readonly Planned[], rows: readonly RowAttributes[]): Record<string, number> {
  const differences = new Differences()
  const check = new RowCheck(produce(...planned), differences)
  for (const row of rows) check.see(row)
  check.finish()
  return kinds(differences)
}

const A = { uid: 'a', offset: 0 }
const ROW_OF_A = expectedRow(eventText('a'), 0, 0)

t.test('a row for each valid uid, and none for an invalid one, agrees', t => {
  t.same(check([A, { uid: 'b', offset: 1, expected: 'NOT_JSON', value: 'no' }], [ROW_OF_A]), {})
  t.end()
})

t.test('a missing row, a stranger and a repeated one are told', t => {
  t.same(check([A], []), { 'row-missing': 1 })
  t.same(check([A], [ROW_OF_A, { UUID: { S: 'x' } }]), { 'row-phantom': 1 })
  t.same(check([A], [ROW_OF_A, ROW_OF_A]), { 'row-repeat': 1 })
  t.end()
})

t.test('any attribute that is changed, added, left out or of another type is told', t => {
  const { CreatedAt: _, ...without } = ROW_OF_A
  const wrong: RowAttributes[] = [
    ...['Context', 'EventType', 'Client', 'CreatedAt'].map(name => ({ ...ROW_OF_A, [name]: { S: 'other' } })),
    { ...ROW_OF_A, SourceOffset: { N: '1' } },
    { ...ROW_OF_A, SourcePartition: { S: '0' } },
    { ...ROW_OF_A, Event: { S: eventText('a') } },
    without
  ]
  for (const row of wrong) t.same(check([A], [row]), { 'row-wrong': 1 }, JSON.stringify(row))
  t.end()
})

t.test('an event with further properties must be in its row, byte for byte', t => {
  const value = eventText('a', 'Client_A', ',"amount":1e400')
  const row = expectedRow(value, 0, 0)
  t.same(row.Event, { S: value })
  t.same(check([{ ...A, value }], [row]), {})
  t.same(check([{ ...A, value }], [{ ...row, Event: { S: value.replace('1e400', 'null') } }]), { 'row-wrong': 1 })
  t.end()
})

t.test('of several events of a uid the newest of its partition has the row; of any partition', t => {
  const planned = [A, { ...A, offset: 5 }, { ...A, partition: 1, offset: 3 }]
  t.same(check(planned, [expectedRow(eventText('a'), 0, 5)]), {})
  t.same(check(planned, [expectedRow(eventText('a'), 1, 3)]), {})
  t.same(check(planned, [ROW_OF_A]), { 'row-wrong': 1 })
  t.end()
})
