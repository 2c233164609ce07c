import t from 'tap'
import { settledIn } from '../../../../src/cli/demo/drain.js'
import { renderNextSteps } from '../../../../src/cli/demo/next-steps.js'
import { renderRoutingNextSteps } from '../../../../src/cli/demo/routing-next-steps.js'
import { type ProofSummary, renderSummary, type Speed } from '../../../../src/cli/demo/summary.js'
import { Metrics } from '../../../../src/service/metrics/metrics.js'

const PROOF: ProofSummary = { agrees: true, rows: [['✓', 'rows in the table', '10']], differences: [], identity: 'uid' }
const SPEED: Speed = {
  records: 10, unit: 'events', arrival: 'its end', elapsedMs: 2_000, backlog: undefined, trickle: { count: 5, p50Ms: 38.2, p99Ms: 1_234, maxMs: 2_000 }
}

t.test('the summary tells throughput, latency and the verdict', t => {
  const text = renderSummary(PROOF, SPEED)
  t.match(text, /throughput +5 events\/s +10 in 2\.0 s/)
  t.match(text, /latency, trickle +p50 38 ms, p99 1\.2 s/)
  t.match(text, /Everything agrees\.\n$/)
  t.end()
})

t.test('what does not agree stands at the end', t => {
  const text = renderSummary({ ...PROOF, agrees: false, differences: [{ kind: 'row-missing', count: 1, examples: ['record 7'] }] }, SPEED)
  t.match(text, /It does not agree:\n {2}1 × no row in the table\n {4}record 7\n$/)
  t.notMatch(text, /Everything agrees/)
  t.end()
})

t.test('the progress is read from the metric that the service has', async t => {
  const metrics = new Metrics()
  metrics.settled(42)
  t.equal(settledIn(await metrics.render()), 42)
  t.equal(settledIn(''), undefined)
})

t.test('the next steps name the file and a queue, and the line to append is an event', t => {
  const place = { brokers: '127.0.0.1:1', connectUrl: 'http://127.0.0.1:5', dynamodbEndpoint: 'http://127.0.0.1:2', sqsEndpoint: 'http://127.0.0.1:3', adminPort: 4 }
  const service = { adminUrl: 'http://127.0.0.1:4', logFile: 'a', isRunning: true, start: async () => {}, stop: async () => {} }
  const text = renderNextSteps(place, service, { dir: '/d', ledger: '/d/ledger.ndjson', eventsFile: '/my files/it\'s' })
  const line = /echo '(.*)' >> (.*)/.exec(text)
  t.match(JSON.parse(line?.[1] ?? ''), { uid: String, client: 'Client_B' })
  t.equal(line?.[2], '\'/my files/it\'\\\'\'s\'')
  t.match(text, 'http://127.0.0.1:3/000000000000/Client_B.fifo')
  t.match(renderNextSteps(place, service, { dir: '/d', ledger: '/l', eventsFile: undefined }), /KAFKA_BROKERS=127\.0\.0\.1:1 .* produce --to kafka/)
  t.end()
})

t.test('the next steps of the routing demo lead to its servers', t => {
  const service = { adminUrl: 'http://127.0.0.1:4', logFile: 'a', isRunning: true, start: async () => {}, stop: async () => {} }
  const text = renderRoutingNextSteps({ brokers: '127.0.0.1:1', registryUrl: 'http://127.0.0.1:2/path', adminPort: 4 }, service, { dir: '/d', ledger: '/l' })
  t.match(text, /KAFKA_BROKERS=127\.0\.0\.1:1 SCHEMA_REGISTRY_URL=http:\/\/127\.0\.0\.1:2\/path .*produce --pipeline routing/)
  t.match(text, 'stack down')
  t.end()
})
