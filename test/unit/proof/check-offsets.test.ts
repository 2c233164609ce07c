import t from 'tap'
import { checkOffsets } from '../../../src/proof/check-offsets.js'
import { Differences } from '../../../src/proof/differences.js'
import { kinds } from './records.js'

t.test('offsets at the end agree, and so does a partition that nothing was written to', t => {
  const differences = new Differences()
  const ends = [{ partition: 0, low: 0, end: 7, committed: 7 }, { partition: 1, low: 0, end: 0, committed: undefined }]
  t.same(checkOffsets(ends, differences), { partitions: 2, atEnd: 2 })
  t.same(kinds(differences), {})
  t.end()
})

t.test('an offset behind the end, beyond it, or none at all is told', t => {
  for (const committed of [6, 8, undefined]) {
    const differences = new Differences()
    t.same(checkOffsets([{ partition: 0, low: 0, end: 7, committed }], differences), { partitions: 1, atEnd: 0 })
    t.same(kinds(differences), { 'offset-behind': 1 })
  }
  t.end()
})
