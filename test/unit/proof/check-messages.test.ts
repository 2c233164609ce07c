import t from 'tap'
import { MessageCheck, type QueueMessage } from '../../../src/proof/check-messages.js'
import { Differences } from '../../../src/proof/differences.js'
import { eventText, kinds, message, type Planned, produce } from './records.js'

type Received = readonly [client: string, message: QueueMessage]

function check (planned: readonly Planned[], received: readonly Received[], { mayRepeat = false, mayInvert = false } = {}) {
  const differences = new Differences()
  const check = new MessageCheck(produce(...planned), ['Client_A', 'Client_B'], differences, mayRepeat)
  for (const [client, message] of received) check.see(client, message)
  check.finish()
  const order = check.order(mayInvert)
  return { check, order, found: kinds(differences) }
}

const A = { uid: 'a', offset: 0 }
const B = { uid: 'b', offset: 1 }

t.test('each message in the queue of its client, once, agrees', t => {
  const { found, check: { byClient } } = check([A, { ...B, client: 'Client_B' }], [
    ['Client_A', message(eventText('a'), 1)], ['Client_B', message(eventText('b', 'Client_B'), 1)]
  ])
  t.same(found, {})
  t.same(byClient.get('Client_B'), { expected: 1, found: 1, repeats: 0 })
  t.end()
})

t.test('a missing message, a stranger and a changed body are told', t => {
  t.same(check([A], []).found, { 'message-missing': 1 })
  t.same(check([A], [['Client_A', message(eventText('a'), 1)], ['Client_A', message('{}', 2)]]).found, { 'message-phantom': 1 })
  t.same(check([A], [['Client_A', message(`${eventText('a')} `, 1)]]).found, { 'message-phantom': 1, 'message-missing': 1 })
  t.end()
})

t.test('a message in the queue of another client is told, also beside the right one', t => {
  t.same(check([A], [['Client_B', message(eventText('a'), 1)]]).found, { 'message-wrong-queue': 1, 'message-missing': 1 })
  t.same(check([A], [['Client_A', message(eventText('a'), 1)], ['Client_B', message(eventText('a'), 2)]]).found, { 'message-wrong-queue': 1 })
  t.end()
})

t.test('a second message is a repeat, and a fault unless repeats are tolerated', t => {
  const received: Received[] = [['Client_A', message(eventText('a'), 1)], ['Client_A', message(eventText('a'), 2)]]
  t.same(check([A], received).found, { 'message-repeat': 1 })
  const tolerant = check([A], received, { mayRepeat: true })
  t.same(tolerant.found, {})
  t.equal(tolerant.check.byClient.get('Client_A')?.repeats, 1)
  t.end()
})

t.test('a message that was handed out twice is one message', t => {
  t.same(check([A], [['Client_A', message(eventText('a'), 1)], ['Client_A', message(eventText('a'), 1)]]).found, {})
  t.end()
})

t.test('the same bytes produced twice are one message or two, not three; other bytes of the same uid are their own', t => {
  const twice = [A, { ...A, offset: 1 }]
  const times = (count: number): Received[] => Array.from({ length: count }, (_, index) => ['Client_A', message(eventText('a'), index)])
  t.same(check(twice, times(1)).found, {})
  t.same(check(twice, times(2)).found, {})
  t.same(check(twice, times(3)).found, { 'message-repeat': 1 })
  const other = { ...A, offset: 1, value: eventText('a', 'Client_A', ',"n":1') }
  t.same(check([A, other], times(1)).found, { 'message-missing': 1 })
  t.end()
})

t.test('characters that a queue refuses are expected as escapes', t => {
  const value = eventText('a', 'Client_A', ',"note":"\uFFFF\u{1F600}\u2028"')
  const body = eventText('a', 'Client_A', ',"note":"\\uffff\u{1F600}\u2028"')
  t.same(check([{ ...A, value }], [['Client_A', message(body, 1)]]).found, {})
  t.end()
})

t.test('order is that of the offsets within a client and a partition, by first acceptance, whatever was read first', t => {
  const planned = [A, B, { uid: 'c', offset: 2 }]
  const inOrder: Received[] = [['Client_A', message(eventText('c'), 10)], ['Client_A', message(eventText('a'), 8)], ['Client_A', message(eventText('b'), 9)]]
  t.same(check(planned, inOrder).order, { lanes: 1, inversions: 0 })

  const inverted: Received[] = [['Client_A', message(eventText('a'), 1)], ['Client_A', message(eventText('b'), 10)], ['Client_A', message(eventText('c'), 9)]]
  t.same(check(planned, inverted).found, { 'order-inverted': 1 })
  const tolerant = check(planned, inverted, { mayInvert: true })
  t.same(tolerant.found, {})
  t.same(tolerant.order, { lanes: 1, inversions: 1 })

  const apart = [A, { ...B, partition: 1, offset: 0 }]
  t.same(check(apart, [['Client_A', message(eventText('a'), 2)], ['Client_A', message(eventText('b'), 1)]]).order, { lanes: 2, inversions: 0 })

  const again: Received[] = [...inOrder, ['Client_A', message(eventText('a'), 11)]]
  t.same(check(planned, again, { mayRepeat: true }).order.inversions, 0, 'a repeat does not count')
  t.end()
})

t.test('latency is from the time of the record to the acceptance of its message, of the records chosen', t => {
  const { check: checked } = check([A, B], [['Client_A', message(eventText('a'), 1)], ['Client_A', message(eventText('b'), 2)]])
  t.same(checked.latenciesMs().sort(), [1_001, 1_001])
  t.same(checked.latenciesMs(({ entry }) => entry.uid === 'a'), [1_001])
  t.end()
})
