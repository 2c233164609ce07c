import t from 'tap'
import { demoEnvironment, routingDemoEnvironment } from '../../../../src/cli/demo/environment.js'
import { loadConfig } from '../../../../src/service/config/load-config.js'

const PLACE = { brokers: '127.0.0.1:1', connectUrl: undefined, dynamodbEndpoint: 'http://127.0.0.1:2', sqsEndpoint: 'http://127.0.0.1:3', adminPort: 4 }

t.test('settings that would lead elsewhere are left out, tuning is kept', t => {
  const env = demoEnvironment({
    PATH: '/bin', VALIDATION_THREADS: '2', KAFKA_SASL_USERNAME: 'me', AWS_PROFILE: 'work', EVENTS_TABLE: 'production', PROCESSES: '4', ADMIN_HOST: '0.0.0.0'
  }, PLACE)
  t.match(env, { PATH: '/bin', VALIDATION_THREADS: '2', KAFKA_BROKERS: '127.0.0.1:1', AWS_ENDPOINT_URL_SQS: 'http://127.0.0.1:3' })
  for (const name of ['KAFKA_SASL_USERNAME', 'AWS_PROFILE', 'EVENTS_TABLE', 'PROCESSES', 'ADMIN_HOST']) t.notOk(name in env, name)
  t.end()
})

t.test('it is a configuration without complaint', t => {
  const { config, warnings } = loadConfig(demoEnvironment({}, PLACE), 'events')
  t.same(warnings, [])
  t.match(config, { kafka: { brokers: ['127.0.0.1:1'], securityProtocol: 'plaintext' }, service: { adminPort: 4, adminHost: '127.0.0.1' } })
  t.end()
})

t.test('so is that of the routing demo', t => {
  const place = { brokers: '127.0.0.1:1', registryUrl: 'http://127.0.0.1:2/path', adminPort: 4 }
  const env = routingDemoEnvironment({ SCHEMA_REGISTRY_TOKEN: 'production', ROUTING_TOPIC: 'production', SCHEMA_REGISTRATION: 'off', CHUNK_RECORDS: '100' }, place)
  const { config, warnings } = loadConfig(env, 'routing')
  t.same(warnings, [])
  t.match(config, { registry: { url: place.registryUrl, token: undefined, registration: 'auto' }, routing: { topic: 'producer.to.processor' }, flow: { chunkRecords: 100 } })
  t.end()
})
