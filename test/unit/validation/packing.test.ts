import t from 'tap'
import { packValues, unpackValues } from '../../../src/validation/packing.js'

t.test('values come out as they went in, whatever memory they shared', async t => {
  const shared = Buffer.from('one|two|three')
  const values = [shared.subarray(4, 7), null, Buffer.alloc(0), shared.subarray(8), Buffer.from([0xFF, 0x00])]
  const packed = packValues(values)
  const seen = unpackValues(structuredClone(packed, { transfer: [packed] }))
  t.same(seen.map(value => value?.toString('hex')), values.map(value => value?.toString('hex')))
  t.equal(shared.toString(), 'one|two|three', 'moving the pack leaves the source alone')
})

t.test('an empty chunk is a pack too', async t => {
  t.strictSame(unpackValues(packValues([])), [])
  t.equal(packValues([]).byteLength, 4)
})
