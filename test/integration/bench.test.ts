import t from 'tap'
import { benchEvents, UNDISTURBED } from '../../bench/events/events-bench.js'
import { parseVariants } from '../../bench/events/variants.js'
import { WRONG } from '../../bench/scope.js'
import { startTestStack } from '../helpers/stack.js'

/** More than may be in flight: rows are still written when the warm-up has ended. */
const EVENTS = 20_000

t.test('the benchmark measures the service on real Kafka over TLS, and finds everything where it belongs', async t => {
  const { kafka } = await startTestStack(t, { servers: ['kafka'] })
  const options = {
    ...UNDISTURBED,
    variants: parseVariants('tuned'),
    events: EVENTS,
    runs: 1,
    brokers: kafka.brokers,
    sinkDelayMs: 1,
    tls: true,
    latencyRates: [100],
    latencySeconds: 1,
    progress: () => {}
  }
  const { variants, setting, notes } = await benchEvents(options)
  t.strictSame([setting, notes], ['tls-1ms', []])
  const [figures = {}] = variants['tuned'] ?? []
  for (const [name, value] of Object.entries(figures)) t.ok(Number.isFinite(value), `${name}: ${value}`)
  t.ok((figures['messages per send'] ?? 0) > 1)
  t.ok((figures['p50 ms at 100/s'] ?? 0) > 2, 'two calls of 1 ms are in the latency')

  const partial = await benchEvents({ ...options, tls: false, latencyRates: [], partialFailuresPercent: 5, partitions: 24 })
  t.strictSame(Object.keys(partial.variants), ['doing nothing (500 records a call)', 'tuned', 'tuned, 5 % failing'])
  t.strictSame(partial.notes?.filter(note => note.includes(WRONG)), [])
})
