import t from 'tap'
import { Metrics } from '../../../../src/service/metrics/metrics.js'
import { Samples } from '../../../helpers/samples.js'

const REPORT = { records: 1, bytes: 10, cause: 'linger', durationMs: 5, done: 1, poison: 0, transient: 0, environment: 0, resent: 0 } as const

t.test('each destination has its own figures, which also count in those of the process', async t => {
  const metrics = new Metrics()
  const [a, b] = [metrics.delivery.destination('a', metrics), metrics.delivery.destination('b', metrics)]
  a.called('a', 'a', REPORT)
  a.called('a', 'a', { ...REPORT, done: 0, transient: 1, resent: 1 })
  a.called('dead-letters', 'dead-letters', REPORT)
  b.called('b', 'b', REPORT)
  b.deadLettered('REJECTED')
  a.offsetsLost('event-log', 7)
  a.held('a', undefined, 'CREDENTIALS', 'planted')
  b.held('dead-letters', undefined, 'NOT_FOUND', 'planted')
  const now = Date.now()
  const partition = { topic: 'event-log', oldestUnsettledMs: 0, inFlightRecords: 0, inFlightBytes: 0 }
  a.collectFrom({
    partitions: () => [
      { ...partition, partition: 0, lagRecords: 5, oldestTimestamp: now - 60_000 },
      { ...partition, partition: 1, lagRecords: 6, oldestTimestamp: -1 },
      { ...partition, partition: 2, lagRecords: undefined, oldestTimestamp: now - 90_000 }
    ],
    inFlight: () => ({ records: 3, bytes: 30 })
  })
  b.collectFrom({ partitions: () => [], inFlight: () => ({ records: 4, bytes: 40 }) })
  const samples = Samples.parse(await metrics.render())
  t.strictSame(samples.by('penstock_delivery_delivered_total', 'destination'), { a: 1, b: 1 })
  t.strictSame(samples.by('penstock_delivery_retried_total', 'destination'), { a: 1, b: 0 })
  t.strictSame(samples.by('penstock_delivery_dead_letters_total', 'destination'), { b: 1 })
  t.strictSame(samples.by('penstock_delivery_lost_total', 'destination'), { a: 7, b: 0 })
  t.strictSame(samples.by('penstock_delivery_held', 'destination'), { a: 1, b: 0 }, 'that its dead letters are held is not its own hold')
  t.strictSame(samples.by('penstock_delivery_lag_records', 'destination'), { a: 11, b: 0 })
  const lag = samples.by('penstock_delivery_lag_seconds', 'destination')
  t.ok(lag.a! >= 90 && lag.a! < 100)
  t.equal(lag.b, 0)
  t.strictSame(samples.by('penstock_delivery_in_flight_records', 'destination'), { a: 3, b: 4 })
  t.equal(samples.sum('penstock_in_flight_records'), 7)
  t.equal(samples.sum('penstock_in_flight_bytes'), 70)
  t.strictSame(samples.by('penstock_partition_lag_records', 'partition'), {}, 'partitions are the same for all destinations')
  t.equal(samples.sum('penstock_dead_letters_total'), 1)
  t.equal(samples.sum('penstock_lost_offsets_total'), 7)
  a.resumed('a', undefined, 10)
  t.strictSame(Samples.parse(await metrics.render()).by('penstock_delivery_held', 'destination'), { a: 0, b: 0 })
})
