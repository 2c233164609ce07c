import t from 'tap'
import { type DeliveryFailures, GIVEN_UP, Shipment } from '../../../../src/connectors/kafka/shipment.js'

const FAILURE = { code: 7, message: 'planted' }

function shipment (count: number) {
  const settled: Array<DeliveryFailures | undefined> = []
  const messages = Array.from({ length: count }, () => ({ topic: 't', key: null, value: null, headers: [] }))
  const shipment = new Shipment(0, messages, 0, failures => { settled.push(failures) })
  const handOver = (): number => {
    const index = shipment.next
    if (index >= 0) shipment.handedOver()
    return index
  }
  return { shipment, settled, handOver }
}

t.test('it is settled by the last report, in whatever order they come, and once', async t => {
  const { shipment: it, settled } = shipment(3)
  it.report(2, undefined)
  it.report(0, undefined)
  it.report(0, undefined)
  t.strictSame(settled, [])
  it.report(1, FAILURE)
  it.report(1, undefined)
  t.strictSame(settled, [[undefined, FAILURE, undefined]])
})

t.test('without a failure it is settled with nothing', async t => {
  const { shipment: it, settled } = shipment(2)
  it.report(0, undefined)
  it.report(1, undefined)
  t.strictSame(settled, [undefined])
})

t.test('once it is settled it holds nothing', async t => {
  const { shipment: it } = shipment(2)
  it.report(0, undefined)
  t.equal(it.messages.length, 2)
  it.report(1, FAILURE)
  t.equal(it.messages.length, 0)
  t.equal(it.next, -1)
})

t.test('a single message that was refused on the spot is not handed over again, and reported once', async t => {
  const { shipment: it, settled } = shipment(1)
  t.equal(it.next, 0)
  it.report(0, FAILURE)
  t.equal(it.next, -1)
  it.report(0, undefined)
  it.giveUp()
  t.strictSame(settled, [[FAILURE]])
})

t.test('after a failure nothing more is handed over, and what was is awaited', async t => {
  const { shipment: it, settled, handOver } = shipment(4)
  t.strictSame([handOver(), handOver()], [0, 1])
  it.report(0, FAILURE)
  it.stop(FAILURE)
  t.equal(handOver(), -1)
  t.strictSame(settled, [])
  it.report(1, undefined)
  t.strictSame(settled, [[FAILURE, undefined, FAILURE, FAILURE]])
})

t.test('another client gets what is not reported, in order', async t => {
  const { shipment: it, handOver } = shipment(4)
  t.strictSame([handOver(), handOver(), handOver()], [0, 1, 2])
  it.report(1, undefined)
  it.rewind()
  t.strictSame([handOver(), handOver(), handOver(), handOver()], [0, 2, 3, -1])
})

t.test('what is given up is settled at once, and later reports count for nothing', async t => {
  const { shipment: it, settled, handOver } = shipment(2)
  handOver()
  it.report(0, undefined)
  it.giveUp()
  t.strictSame(settled, [[undefined, GIVEN_UP]])
  it.report(1, undefined)
  t.equal(settled.length, 1)
  t.equal(handOver(), -1)
})
