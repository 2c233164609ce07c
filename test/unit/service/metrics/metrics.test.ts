import t from 'tap'
import { type CallReport } from '../../../../src/engine/observer.js'
import { Metrics } from '../../../../src/service/metrics/metrics.js'

const REPORT: CallReport = { records: 25, bytes: 5_000, cause: 'records', durationMs: 20, done: 22, poison: 1, transient: 2, environment: 0, resent: 3 }

t.test('A call is counted by stage, key, outcome and cause, in seconds and bytes', async t => {
  const metrics = new Metrics()
  metrics.called('queues', 'Client_A', REPORT)
  const text = await metrics.render()
  t.match(text, 'penstock_call_seconds_sum{stage="queues",key="Client_A"} 0.02')
  t.match(text, 'penstock_call_records_sum{stage="queues",key="Client_A"} 25')
  t.match(text, 'penstock_call_bytes_total{stage="queues",key="Client_A"} 5000')
  t.match(text, 'penstock_flushes_total{stage="queues",key="Client_A",cause="records"} 1')
  t.match(text, 'penstock_outcomes_total{stage="queues",key="Client_A",outcome="transient"} 2')
  t.notMatch(text, 'outcome="environment"')
  t.match(text, 'penstock_resent_records_total{stage="queues",key="Client_A"} 3')
})

t.test('A call is counted once, however often it is asked for', async t => {
  const metrics = new Metrics()
  metrics.called('table', 'table', REPORT)
  const once = await metrics.render()
  t.match(await metrics.render(), 'penstock_call_bytes_total{stage="table",key="table"} 5000')
  metrics.called('table', 'table', REPORT)
  const twice = await metrics.render()
  t.match(once, 'penstock_call_seconds_count{stage="table",key="table"} 1')
  t.match(twice, 'penstock_call_seconds_count{stage="table",key="table"} 2')
  t.match(twice, 'penstock_call_bytes_total{stage="table",key="table"} 10000')
  t.match(twice, 'penstock_outcomes_total{stage="table",key="table",outcome="done"} 44')
})

t.test('A hold is a gauge that goes back, with the time it took', async t => {
  const metrics = new Metrics()
  metrics.held('table', undefined, 'THROTTLED')
  t.match(await metrics.render(), 'penstock_held{stage="table",key="table"} 1')
  metrics.resumed('table', undefined, 1_500)
  const text = await metrics.render()
  t.match(text, 'penstock_held{stage="table",key="table"} 0')
  t.match(text, 'penstock_held_seconds_total{stage="table",key="table"} 1.5')
})

t.test('Partitions that were given away disappear from the gauges', async t => {
  const metrics = new Metrics()
  let partitions = [0, 1]
  metrics.collectFrom({
    partitions: () => partitions.map(partition => ({ topic: 'in', partition, lagRecords: 7, oldestUnsettledMs: 2_000, oldestTimestamp: -1, inFlightRecords: 3, inFlightBytes: 300 })),
    inFlight: () => ({ records: 6, bytes: 600 })
  })
  const both = await metrics.render()
  t.match(both, 'penstock_partition_lag_records{topic="in",partition="1"} 7')
  t.match(both, 'penstock_partition_oldest_unsettled_seconds{topic="in",partition="0"} 2')
  t.match(both, 'penstock_in_flight_bytes 600')
  partitions = [0]
  const one = await metrics.render()
  t.match(one, 'partition="0"')
  t.notMatch(one, 'partition="1"')
})

t.test('Labels are bounded, whatever is thrown at them', async t => {
  const metrics = new Metrics()
  for (let i = 0; i < 5_000; i++) {
    metrics.commitFailed(`reason ${i}`)
    metrics.consumed(`topic-${i}`, 1, 1)
    metrics.failed('queues', `client-${i}`, 'UNKNOWN', 1)
  }
  const text = await metrics.render()
  t.ok(text.split('\n').length < 2_000)
  t.match(text, 'penstock_commit_failures_total{reason="other"} 4970')
})

t.test('Names follow the convention: counters end in _total, durations and sizes name their unit', async t => {
  for (const { name, type, help } of new Metrics().definitions) {
    t.match(name, /^penstock_[a-z_]+$/)
    t.equal(name.endsWith('_total'), type === 'counter', name)
    t.notMatch(name, /_ms$|milli|_kb$/)
    t.match(help, /\.$/)
  }
})
