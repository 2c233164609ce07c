import t from 'tap'
import { costsOf } from '../../../../bench/delivery/destinations-bench.js'
import { withRatios } from '../../../../bench/delivery/isolation-bench.js'
import { flawOf, latenciesOf, quantile } from '../../../../bench/delivery/latencies.js'
import { countKinds } from '../../../../bench/delivery/threads.js'

t.test('a latency is from the broker to the arrival, of those events only that are measured', async t => {
  const latencies = latenciesOf([[['a', 105], ['early', 1]], [['b', 260], ['a', 102]]], new Map([['a', 100], ['b', 200]]))
  t.strictSame([...latencies], [2, 5, 60])
  t.equal(quantile(latencies, 0.5), 5)
  t.equal(quantile(latencies, 0.99), 60)
  t.equal(quantile(latencies, 1), 60, 'the last, and nothing beyond it')
  t.ok(Number.isNaN(quantile(new Float64Array(), 0.5)))
})

t.test('an event that is missing and one that came twice do not cancel out', async t => {
  t.equal(flawOf([['a', 1], ['b', 2], ['early', 0]], ['a', 'b']), undefined)
  t.equal(flawOf([['a', 1], ['a', 2]], ['a', 'b']), '1 of 2 events missing, 1 repeated')
})

t.test('runs are compared with those of the same round', async t => {
  const measured = { alone: [{ 'p99 ms': 10 }, { 'p99 ms': 100 }], beside: [{ 'p99 ms': 11 }, { 'p99 ms': 90 }] }
  t.strictSame(withRatios(measured, 'alone').beside?.map(run => run['p99 beside the first']), [1.1, 0.9])
  t.strictSame(withRatios(measured, 'alone').alone, measured.alone)
})

t.test('what a destination costs is what the further ones add', async t => {
  const of = (rss: number, threads: number, cpu: number) => [{ 'idle RSS MB': rss, threads, 'idle CPU, % of a core': cpu }]
  const measured = { '1 destination': of(100, 20, 1), '11 destinations': of(130, 50, 6) }
  t.strictSame(costsOf(measured, [1, 11]), ['each further destination, between 1 and 11: 3.00 idle RSS MB; 3.00 threads; 0.50 idle CPU, % of a core'])
  t.strictSame(costsOf(measured, [1]), [])
})

t.test('threads of librdkafka are counted by what they do, not by the broker', async t => {
  t.strictSame([...countKinds(['node', 'rdk:main', 'rdk:broker1', 'rdk:broker-1', 'node', ''])], [['node', 2], ['rdk:main', 1], ['rdk:broker', 2]])
})
