import avsc from 'avsc'
import t from 'tap'
import { AvroCursor, MalformedAvro } from '../../../../src/validation/avro/cursor.js'
import { compileWalk } from '../../../../src/validation/avro/walk.js'
import { longs } from '../../../fixtures/avro.js'

const NODE = {
  type: 'record',
  name: 'Node',
  fields: [{ name: 'value', type: 'int' }, { name: 'next', type: ['null', 'Node'] }]
}

const SCHEMAS: ReadonlyArray<Parameters<typeof avsc.Type.forSchema>[0]> = [
  'null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string',
  { type: 'fixed', name: 'F', size: 16 },
  { type: 'enum', name: 'E', symbols: ['A', 'B', 'C'] },
  { type: 'array', items: 'long' },
  { type: 'array', items: 'null' },
  { type: 'map', values: { type: 'array', items: 'string' } },
  ['null', 'string', { type: 'array', items: 'double' }],
  { type: 'record', name: 'R', fields: [{ name: 'a', type: 'string' }, { name: 'b', type: ['null', 'long'] }, { name: 'c', type: { type: 'map', values: 'bytes' } }] }
] as never

/** What the walk says of these bytes: how many it has passed, or what is wrong. */
function walk (schema: unknown, bytes: Buffer): number | string {
  const cursor = new AvroCursor()
  cursor.begin(bytes, 0)
  try {
    compileWalk(avsc.Type.forSchema(schema as never))(cursor)
    return cursor.at
  } catch (error) {
    if (error instanceof MalformedAvro) return error.message
    throw error
  }
}

t.test('whatever avsc writes is passed to its last byte, and cut anywhere it is not', async t => {
  for (const schema of SCHEMAS) {
    const type = avsc.Type.forSchema(schema)
    for (let round = 0; round < 50; round++) {
      const bytes = type.toBuffer(type.random())
      t.equal(walk(schema, bytes), bytes.length, `${type.typeName} ${bytes.toString('hex')}`)
      for (let length = 0; length < Math.min(bytes.length, 40); length++) t.type(walk(schema, bytes.subarray(0, length)), 'string')
    }
  }
})

t.test('a value that contains itself is followed, up to 100 levels', async t => {
  const nested = (levels: number): Buffer => Buffer.concat([Buffer.alloc(2 * levels, longs(7, 1)), longs(7, 0)])
  t.equal(walk(NODE, nested(40)), nested(40).length)
  t.equal(walk(NODE, nested(1_000_000)), 'nested deeper than 100 levels')
})

t.test('what a count or a length claims is compared with what is there, and costs nothing', async t => {
  const array = { type: 'array', items: 'string' }
  const startedAt = performance.now()
  t.equal(walk(array, longs(2 ** 30)), 'a block has more items than bytes are left of the record')
  t.equal(walk(array, longs(Number.MAX_SAFE_INTEGER - 1)), 'a block has more items than bytes are left of the record')
  t.equal(walk(array, longs(-5, -4)), 'a length is negative', 'a size that would lead backwards')
  t.equal(walk(array, longs(-1, 2, 0, 0)), 'a block is not as long as it says')
  t.equal(walk(array, longs(-1, 1_000)), 'a length exceeds what is left of the record')
  t.equal(walk(array, Buffer.concat([longs(-2, 4, 1), Buffer.from('a'), longs(1), Buffer.from('b'), longs(0)])), 7)
  t.equal(walk({ type: 'map', values: 'null' }, longs(2 ** 40)), 'a block has more items than bytes are left of the record')
  t.equal(walk('string', longs(-1)), 'a length is negative')
  t.equal(walk('bytes', longs(2 ** 31)), 'a length exceeds what is left of the record')
  for (const items of ['null', { type: 'fixed', name: 'Nothing', size: 0 }, { type: 'record', name: 'Empty', fields: [{ name: 'a', type: 'null' }] }]) {
    t.equal(walk({ type: 'array', items }, longs(2 ** 50, 0)), longs(2 ** 50, 0).length, 'items without bytes are not visited')
  }
  t.ok(performance.now() - startedAt < 1_000)
})

t.test('numbers, indexes and booleans stay in their range', async t => {
  t.equal(walk('long', Buffer.alloc(100_000, 0x80)), 'a number is longer than its type takes')
  t.equal(walk('long', Buffer.from('ffffffffffffffffff01', 'hex')), 10, 'the longest there is')
  t.equal(walk('long', Buffer.from('ffffffffffffffffff02', 'hex')), 'a number is longer than its type takes')
  t.equal(walk('int', Buffer.from('ffffffff0f', 'hex')), 5)
  t.equal(walk('int', Buffer.from('ffffffff1f', 'hex')), 'a number is longer than its type takes')
  t.equal(walk({ type: 'enum', name: 'E', symbols: ['A'] }, longs(1)), 'an index is out of its range')
  t.equal(walk(['null', 'string'], longs(-1)), 'an index is out of its range')
  t.equal(walk('boolean', Buffer.from([2])), 'a boolean is neither 0 nor 1')
})

t.test('text that is not UTF-8 is found, in short and in long strings', async t => {
  for (const length of [1, 5, 32, 33, 500]) {
    for (const place of [0, length >> 1, length - 1]) {
      const text = Buffer.alloc(length, 'x')
      t.equal(walk('string', Buffer.concat([longs(length), text])), longs(length).length + length)
      text[place] = 0xFF
      t.equal(walk('string', Buffer.concat([longs(length), text])), 'a string is not UTF-8', `${place} of ${length}`)
    }
  }
  const surrogate = Buffer.from('eda080', 'hex')
  t.equal(walk('string', Buffer.concat([longs(3), surrogate])), 'a string is not UTF-8', 'half a surrogate pair')
})
