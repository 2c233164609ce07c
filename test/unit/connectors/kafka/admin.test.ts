import t from 'tap'
import { KafkaAdmin } from '../../../../src/connectors/kafka/admin.js'
import { AppError } from '../../../../src/errors.js'
import { loadConfig } from '../../../../src/service/config/load-config.js'

t.test('Brokers that are not there are reported in time, with the reason', async t => {
  const { kafka } = loadConfig({ KAFKA_BROKERS: '127.0.0.1:9' }, 'events').config
  const startedAt = performance.now()
  const error: unknown = await KafkaAdmin.connect(kafka, 500).then(() => undefined, (reason: unknown) => reason)
  t.ok(error instanceof AppError)
  t.match(error, { code: 'UNAVAILABLE', message: /127\.0\.0\.1:9.*Connection refused$|127\.0\.0\.1:9.*Connection refused\)$/ })
  t.ok(performance.now() - startedAt < 5_000)
})
