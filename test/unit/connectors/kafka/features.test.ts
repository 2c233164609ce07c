import t from 'tap'
import { absentFeatures, missingFeatures } from '../../../../src/connectors/kafka/features.js'
import { type KafkaSettings } from '../../../../src/connectors/kafka/client-config.js'

const PLAIN: KafkaSettings = {
  brokers: ['a:9092'],
  clientId: 'penstock',
  securityProtocol: 'plaintext',
  saslMechanism: 'PLAIN',
  saslUsername: undefined,
  saslPassword: undefined,
  sslCaLocation: undefined,
  sslCertificateLocation: undefined,
  sslKeyLocation: undefined,
  sslKeyPassword: undefined,
  properties: {}
}

t.test('What the settings need and the build lacks is named, with what needs it and the remedy', async t => {
  t.same(missingFeatures(PLAIN, []), [])
  const zstd = missingFeatures({ ...PLAIN, compression: 'zstd' }, ['ssl', 'lz4'])
  t.match(zstd, [{ feature: 'zstd', neededFor: 'KAFKA_COMPRESSION=zstd', remedy: /libzstd-dev.*npm rebuild node-rdkafka/ }])
  const names = (settings: KafkaSettings): string[] => missingFeatures(settings, []).map(({ feature }) => feature)
  t.same(names({ ...PLAIN, securityProtocol: 'ssl' }), ['ssl'])
  t.same(names({ ...PLAIN, securityProtocol: 'sasl_ssl', saslMechanism: 'SCRAM-SHA-256' }), ['ssl', 'sasl_scram'])
  t.same(names({ ...PLAIN, securityProtocol: 'sasl_plaintext' }), ['sasl_plain'])
})

t.test('What the build lacks is known even if nothing needs it yet', async t => {
  t.same(absentFeatures(['ssl', 'sasl_plain', 'sasl_scram', 'gzip', 'snappy', 'lz4']).map(({ feature }) => feature), ['zstd'])
})

t.test('This build lacks nothing', async t => {
  t.same(absentFeatures(), [])
})
