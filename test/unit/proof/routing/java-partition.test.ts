import t from 'tap'
import { javaPartition } from '../../../../src/proof/routing/java-partition.js'

/** Hashes from Kafka's own UtilsTest.testMurmur2. */
const HASHES: Readonly<Record<string, number>> = {
  21: -973932308,
  foobar: -790332482,
  'a-little-bit-long-string': -985981536,
  'a-little-bit-longer-string': -1486304829,
  lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8: -58897971,
  abc: 479470107
}

t.test('a key has the partition that the Java client gives it', async t => {
  const most = 0x7FFFFFFF
  for (const [key, hash] of Object.entries(HASHES)) {
    for (const partitions of [3, 12, most]) t.equal(javaPartition(Buffer.from(key), partitions), (hash & most) % partitions, `${key} of ${partitions}`)
  }
})
