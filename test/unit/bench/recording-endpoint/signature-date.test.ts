import t from 'tap'
import { createDynamoDBClient } from '../../../../src/connectors/aws/clients.js'
import { refuseDate } from '../../../../bench/recording-endpoint/signature-date.js'
import { startWithClients, store } from './clients.js'

const MINUTE_MS = 60_000
const NOW = Date.parse('2026-02-28T23:59:50Z')

t.test('a signature is taken for 15 minutes, and 5 minutes ahead of its time', async t => {
  t.equal(refuseDate('20260228T235950Z', NOW), undefined)
  t.equal(refuseDate('20260228T234450Z', NOW), undefined)
  t.match(refuseDate('20260228T234449Z', NOW), { status: 400, body: /InvalidSignatureException.*expired/ })
  t.equal(refuseDate('20260301T000450Z', NOW), undefined)
  t.match(refuseDate('20260301T000451Z', NOW), { status: 400, body: /InvalidSignatureException.*not yet current/ })
  t.ok(refuseDate('yesterday', NOW))
})

t.test('a call that was signed at another time does nothing, is counted, and its answer tells the time', async t => {
  const { endpoint } = await startWithClients(t)
  const dynamodb = createDynamoDBClient({ region: 'eu-west-1', endpoint: endpoint.url, maxSockets: 1, connectTimeoutMs: 5_000, requestTimeoutMs: 5_000 })
  t.teardown(() => { dynamodb.destroy() })
  dynamodb.config.systemClockOffset = 60 * MINUTE_MS
  await t.rejects(store({ dynamodb }, ['a']), { name: 'InvalidSignatureException' })
  t.match(endpoint.recorder.report(false), { misdated: 1, rowsWritten: 0, attempted: { rows: 0 } })
  await store({ dynamodb }, ['a'])
  t.match(endpoint.recorder.report(false), { misdated: 1, rowsWritten: 1 })
})
