import t from 'tap'
import { type SourceRecord } from '../../../../src/engine/record.js'
import { partitionLanes } from '../../../../src/connectors/kafka/partition-lanes.js'

t.test('each partition of each topic has a lane, the same one every time', async t => {
  const laneOf = partitionLanes()
  const lane = (topic: string, partition: number): string => {
    const record: SourceRecord = { topic, partition, offset: 0, key: null, value: null, headers: [], timestamp: -1 }
    return laneOf({ record })
  }
  const places = [['a', 0], ['a', 11], ['b', 0], ['a', 0], ['b', 0], ['__proto__', 2]] as const
  t.strictSame(places.map(([topic, partition]) => lane(topic, partition)), ['a:0', 'a:11', 'b:0', 'a:0', 'b:0', '__proto__:2'])
})
