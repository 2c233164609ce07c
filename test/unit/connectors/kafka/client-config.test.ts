import rdkafka from 'node-rdkafka'
import t from 'tap'
import { adminConfig, consumerConfig, type KafkaConsumerSettings, type KafkaProducerSettings, producerConfig } from '../../../../src/connectors/kafka/client-config.js'

const SETTINGS: KafkaConsumerSettings & KafkaProducerSettings = {
  brokers: ['a:9092', 'b:9092'],
  clientId: 'penstock',
  securityProtocol: 'plaintext',
  saslMechanism: 'SCRAM-SHA-512',
  saslUsername: undefined,
  saslPassword: undefined,
  sslCaLocation: undefined,
  sslCertificateLocation: undefined,
  sslKeyLocation: undefined,
  sslKeyPassword: undefined,
  properties: {},
  groupId: 'group',
  groupInstanceId: undefined,
  groupProtocol: 'classic',
  assignmentStrategy: 'cooperative-sticky',
  autoOffsetReset: 'earliest',
  sessionTimeoutMs: 10_000,
  maxPollIntervalMs: 300_000,
  queuedMinMessages: 50_000,
  queuedMaxKbytes: 16_384,
  maxMessageBytes: 1_048_588,
  compression: 'lz4'
}

t.test('A consumer commits and stores nothing by itself, and fetches no more than it may hold', async t => {
  const { global, topic } = consumerConfig(SETTINGS)
  t.match(global, {
    'bootstrap.servers': 'a:9092,b:9092',
    'enable.auto.commit': false,
    'enable.auto.offset.store': false,
    'enable.partition.eof': true,
    'isolation.level': 'read_committed',
    'queued.min.messages': 50_000,
    'queued.max.messages.kbytes': 16_384,
    'fetch.max.bytes': 16_777_216,
    'session.timeout.ms': 10_000,
    'socket.timeout.ms': 10_000,
    'heartbeat.interval.ms': 3_000,
    'partition.assignment.strategy': 'cooperative-sticky'
  })
  t.same(topic, { 'auto.offset.reset': 'earliest' })
  t.notOk('group.instance.id' in global)
})

t.test('A fetch is never smaller than the largest message', async t => {
  const { global } = consumerConfig({ ...SETTINGS, queuedMaxKbytes: 64, maxMessageBytes: 50_000_000 })
  t.equal(global['fetch.max.bytes'], 50_000_000)
})

t.test('With KIP-848 nothing is said that the broker decides', async t => {
  const { global } = consumerConfig({ ...SETTINGS, groupProtocol: 'consumer', groupInstanceId: 'pod-1' })
  t.equal(global['group.protocol'], 'consumer')
  t.equal(global['group.instance.id'], 'pod-1')
  for (const name of ['session.timeout.ms', 'heartbeat.interval.ms', 'partition.assignment.strategy']) t.notOk(name in global, name)
})

t.test('A producer waits for all replicas and takes dead letters larger than their records', async t => {
  const { global, topic } = producerConfig(SETTINGS)
  t.match(global, { 'enable.idempotence': true, 'compression.codec': 'lz4', dr_cb: true })
  t.equal(global['message.max.bytes'], 1_048_588 + 65_536)
  t.equal(topic['request.required.acks'], -1)
})

t.test('Security: host names are verified, and a password goes only where there is a login', async t => {
  const login = { ...SETTINGS, saslUsername: 'u', saslPassword: 'p', sslCaLocation: '/ca.pem' }
  const plain = consumerConfig(login).global
  for (const name of ['sasl.password', 'sasl.username', 'ssl.ca.location']) t.notOk(name in plain, name)
  const secure = consumerConfig({ ...login, securityProtocol: 'sasl_ssl' }).global
  t.match(secure, {
    'security.protocol': 'sasl_ssl',
    'sasl.mechanism': 'SCRAM-SHA-512',
    'sasl.username': 'u',
    'sasl.password': 'p',
    'ssl.endpoint.identification.algorithm': 'https',
    'ssl.ca.location': '/ca.pem'
  })
})

t.test('the operator\'s own properties win over the defaults of the program, and are added to what is logged', t => {
  const properties = { 'fetch.message.max.bytes': '1048576', 'linger.ms': '50', debug: 'fetch', 'reconnect.backoff.ms': '7' }
  const consumer = consumerConfig({ ...SETTINGS, properties }).global
  t.match(consumer, { 'fetch.message.max.bytes': '1048576', 'reconnect.backoff.ms': '7', debug: 'cgrp,metadata,fetch' })
  t.equal(consumerConfig(SETTINGS).global.debug, 'cgrp,metadata')
  t.match(producerConfig({ ...SETTINGS, properties }).global, { 'linger.ms': '50', 'reconnect.backoff.ms': '7' })
  t.match(adminConfig({ ...SETTINGS, properties }), { 'reconnect.backoff.ms': '7' })
  t.end()
})

t.test('librdkafka knows every property, for each protocol and security', async t => {
  const variants = [
    SETTINGS,
    { ...SETTINGS, groupProtocol: 'consumer', groupInstanceId: 'x' },
    { ...SETTINGS, securityProtocol: 'sasl_plaintext', saslUsername: 'u', saslPassword: 'p' },
    { ...SETTINGS, assignmentStrategy: 'range', properties: { 'fetch.min.bytes': '10', debug: 'cgrp' } },
    { ...SETTINGS, maxMessageBytes: 200_000_000 }
  ] as const
  for (const settings of variants) {
    const consumer = consumerConfig(settings)
    const producer = producerConfig(settings)
    const clients = [new rdkafka.KafkaConsumer(consumer.global, consumer.topic), new rdkafka.Producer(producer.global, producer.topic)]
    for (const client of clients) {
      await t.resolves(new Promise<void>((resolve, reject) => {
        // The handle is created, or refused, before any broker is asked.
        client.getClient().configureCallbacks(true, {})
        client.getClient().connect((error: Error | null) => error === null || error === undefined ? resolve() : reject(error))
      }))
      await new Promise<void>(resolve => { client.getClient().disconnect(() => resolve()) })
    }
  }
})
