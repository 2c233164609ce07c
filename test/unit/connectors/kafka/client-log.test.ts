import t from 'tap'
import { connectionFailure, fatalError, offsetReset, replacedTopic, tellsOfLoss, tellsOfMissingTopic } from '../../../../src/connectors/kafka/client-log.js'

t.test('A line of the client\'s log gives the reason of a failed connection, without its place in the client', async t => {
  t.equal(
    connectionFailure({ fac: 'FAIL', message: '[thrd:a:1/bootstrap]: a:1/bootstrap: Connect to ipv4#127.0.0.1:1 failed: Connection refused (after 0ms in state CONNECT)' }),
    'a:1/bootstrap: Connect to ipv4#127.0.0.1:1 failed: Connection refused'
  )
  t.equal(connectionFailure({ fac: 'CONNECT', message: 'x' }), undefined)
  t.equal(connectionFailure(undefined), undefined)
})

t.test('A line of the client\'s log tells which position was given up, and where the client goes on', async t => {
  const line = (to: string): unknown => ({
    severity: 4,
    fac: 'OFFSET',
    message: `[thrd:main]: events.v1 [3]: offset reset (at offset 50 (leader epoch -1), broker 1) to ${to} (leader epoch -1): fetch failed due to requested offset not available on the broker: Broker: Offset out of range`
  })
  const place = { topic: 'events.v1', partition: 3, offset: 50 }
  t.same(offsetReset(line('offset BEGINNING')), { ...place, to: 'beginning' })
  t.same(offsetReset(line('cached BEGINNING offset offset 80')), { ...place, to: 'beginning' })
  t.same(offsetReset(line('offset END')), { ...place, to: 'end' })
  t.equal(offsetReset({ fac: 'OFFSET', message: 'something else' }), undefined)
  t.equal(offsetReset({ fac: 'FAIL', message: 'x' }), undefined)
})

t.test('A line of the client\'s log tells a loss of partitions from its end', async t => {
  t.ok(tellsOfLoss({ fac: 'LOST', message: '[thrd:main]: Group "g": current assignment of 4 partition(s) lost: OffsetCommit error: Unknown member: revoking assignment and rejoining' }))
  t.notOk(tellsOfLoss({ fac: 'LOST', message: '[thrd:main]: Group "g": current assignment no longer considered lost: assign() called' }))
})

t.test('Lines of the client\'s log tell that a topic is missing, and that another one has its name', async t => {
  const changed = (from: string): unknown => ({ fac: 'METADATA', message: `[thrd:main]: Topic events.v1 changed id from ${from} to 4lSQ8osYQAi/NE4UqZP59Q` })
  t.equal(replacedTopic(changed('RXbFgyzmR3uzOdCJeCG5Ug')), 'events.v1')
  t.equal(replacedTopic(changed('AAAAAAAAAAAAAAAAAAAAAA')), undefined, 'the client has just met it')
  t.ok(tellsOfMissingTopic({ fac: 'TOPICPROP', message: '[thrd:main]: Topic events does not exist, allowing 29000ms for metadata propagation before marking topic as non-existent' }))
  t.notOk(tellsOfMissingTopic({ fac: 'TOPICPROP', message: '[thrd:main]: Topic events exists after being deleted,  allowing 1ms' }))
})

t.test('A line of the client\'s log tells that the client is of no use any more', async t => {
  t.equal(
    fatalError({ severity: 0, fac: 'FATAL', message: '[thrd:main]: Fatal error: Broker: Static consumer fenced by other consumer with same group.instance.id: OffsetCommit failed' }),
    'Broker: Static consumer fenced by other consumer with same group.instance.id: OffsetCommit failed'
  )
  t.equal(fatalError({ fac: 'FATAL', message: '[thrd:main]: Suppressing subsequent fatal error: _FENCED' }), undefined)
  t.equal(fatalError({ fac: 'FAIL', message: '[thrd:main]: Fatal error: x' }), undefined)
})
