import t from 'tap'
import { partitionNames } from '../../../../src/connectors/kafka/partition-names.js'

t.test('each partition of each topic has a name, the same one every time', async t => {
  const nameOf = partitionNames()
  const places = [['a', 0], ['a', 11], ['b', 0], ['a', 0], ['b', 0], ['__proto__', 2]] as const
  t.strictSame(places.map(([topic, partition]) => nameOf({ topic, partition })), ['a:0', 'a:11', 'b:0', 'a:0', 'b:0', '__proto__:2'])
})
