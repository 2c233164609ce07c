import { Histogram as LibraryHistogram, type Metric, Registry } from 'prom-client'
import t from 'tap'
import { Random } from '../../../../src/generator/random.js'
import { Histogram } from '../../../../src/service/metrics/histogram.js'

const BOUNDS = [0.5, 1, 2, 5]

t.test('It reads as the library\'s own does after the same observations', async t => {
  const theirs = new LibraryHistogram({ name: 'waits', help: 'Waits.', buckets: BOUNDS, labelNames: ['stage'], registers: [] })
  const ours = new Histogram('waits', 'Waits.', BOUNDS)
  const random = new Random(3, 0)
  for (const stage of ['table', 'queues']) {
    const series = ours.series({ stage })
    for (const value of [...BOUNDS, ...Array.from({ length: 500 }, () => random.fraction() * 6)]) {
      series.observe(value)
      theirs.observe({ stage }, value)
    }
  }
  t.equal(await textOf(ours as unknown as Metric), await textOf(theirs))
})

t.test('A series that has seen nothing reads 0', async t => {
  const histogram = new Histogram('waits', 'Waits.', BOUNDS)
  histogram.series()
  t.match(await textOf(histogram as unknown as Metric), 'waits_bucket{le="+Inf"} 0')
})

async function textOf (metric: Metric): Promise<string> {
  const registry = new Registry()
  registry.registerMetric(metric)
  return await registry.metrics()
}
