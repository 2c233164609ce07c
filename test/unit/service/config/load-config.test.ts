import t from 'tap'
import { describeConfig } from '../../../../src/service/config/describe-config.js'
import { type Machine } from '../../../../src/service/config/knob.js'
import { type Environment, loadConfig } from '../../../../src/service/config/load-config.js'
import { KNOBS } from '../../../../src/service/config/pipelines.js'
import { UsageError } from '../../../../src/errors.js'

const MINIMAL = { KAFKA_BROKERS: '127.0.0.1:9092' }

t.test('Only the brokers must be set; every other knob has a default', async t => {
  const { config, origins, warnings } = load(MINIMAL)
  t.same(config.kafka.brokers, ['127.0.0.1:9092'])
  t.equal(config.events.topic, 'stream_producer')
  t.equal(config.kafka.groupId, 'event-processor')
  t.equal(config.flow.maxInFlightBytes, 64 * 1024 * 1024)
  t.equal(config.retry.queue, 'retry.fifo')
  t.equal(origins.get('KAFKA_BROKERS'), 'environment')
  t.equal(origins.get('EVENTS_TOPIC'), 'default')
  t.same(warnings, [])
})

t.test('A default may depend on the machine and on other knobs', async t => {
  t.equal(load({ ...MINIMAL, EVENTS_TOPIC: 'in' }).config.events.deadLetterTopic, 'in.dead-letters')
  t.equal(load(MINIMAL, { cores: 8 }).config.validation.threads, 7)
  t.equal(load(MINIMAL, { cores: 1 }).config.validation.threads, 1)
  t.equal(load({ ...MINIMAL, PROCESSES: '2' }, { cores: 8 }).config.validation.threads, 3, 'the cores are shared by the processes')
  t.match(load(MINIMAL).config.events.schemaFile, /resource\/schema\.json$/)
})

t.test('Plaintext is the default on loopback only', async t => {
  t.equal(load({ KAFKA_BROKERS: 'localhost:9092,[::1]:9093' }).config.kafka.securityProtocol, 'plaintext')
  t.same(problemsOf({ KAFKA_BROKERS: 'kafka-1:9092,127.0.0.1:9092' }).map(variableOf), ['KAFKA_SASL_USERNAME', 'KAFKA_SASL_PASSWORD'])
  t.equal(load({ KAFKA_BROKERS: 'kafka-1:9092', KAFKA_SECURITY_PROTOCOL: 'plaintext' }).config.kafka.securityProtocol, 'plaintext')
})

t.test('All mistakes are reported at once, each with its variable, what is wrong, and an example that passes', async t => {
  const wrong = {
    DYNAMODB_BATCH_RECORDS: '26',
    SQS_BATCH_RECORDS: '0',
    CHUNK_RECORDS: '5e2',
    RETRY_CREDIT_SHARE: 'half',
    SQS_ORDER: 'random',
    SQS_QUEUE_URLS: '[]',
    EVENTS_CLIENTS: 'a,a',
    EVENTS_SCHEMA: '/nowhere.json',
    RETRY_QUEUE: 'retry'
  }
  const problems = problemsOf(wrong)
  t.same(problems.map(variableOf).sort(), ['KAFKA_BROKERS', ...Object.keys(wrong)].sort())
  for (const problem of problems) {
    const example = /; for example (\w+)=(.*)$/.exec(problem)
    const [, variable = '', value = ''] = example ?? []
    t.equal(variable, variableOf(problem), problem)
    t.notOk(problemsOf({ [variable]: value }).some(other => variableOf(other) === variable), `${variable}=${value} passes`)
  }
})

t.test('Every knob\'s own example passes', async t => {
  for (const knob of KNOBS) {
    t.notMatch(knob.parse(knob.example, machineWith()), { problem: /./ }, `${knob.variable}=${knob.example}`)
  }
})

t.test('An integer is written as one', async t => {
  for (const text of ['1.5', '1e3', '0x10', ' ', '1 000', '١', '--1', 'Infinity']) {
    t.same(problemsOf({ ...MINIMAL, CHUNK_RECORDS: text }).map(variableOf), ['CHUNK_RECORDS'], JSON.stringify(text))
  }
})

t.test('An empty variable counts as not set, except where it means something', async t => {
  const { config } = load({ ...MINIMAL, EVENTS_TOPIC: '', RETRY_QUEUE: '' })
  t.equal(config.events.topic, 'stream_producer')
  t.equal(config.retry.queue, '')
})

t.test('A secret comes from the environment or from a file, never from both', async t => {
  const sasl = { KAFKA_BROKERS: 'k:9092', KAFKA_SASL_USERNAME: 'u' }
  const files = { '/run/secrets/p': 'from-file\n' }
  t.equal(load({ ...sasl, KAFKA_SASL_PASSWORD: 'direct' }).config.kafka.saslPassword, 'direct')
  const fromFile = load({ ...sasl, KAFKA_SASL_PASSWORD_FILE: '/run/secrets/p' }, { files })
  t.equal(fromFile.config.kafka.saslPassword, 'from-file', 'without the line break at its end')
  t.equal(fromFile.origins.get('KAFKA_SASL_PASSWORD'), 'file /run/secrets/p')
  t.match(problemsOf({ ...sasl, KAFKA_SASL_PASSWORD: 'x', KAFKA_SASL_PASSWORD_FILE: '/run/secrets/p' }, { files }), [/both|so is KAFKA_SASL_PASSWORD_FILE/])
  t.match(problemsOf({ ...sasl, KAFKA_SASL_PASSWORD_FILE: '/missing' }), [/KAFKA_SASL_PASSWORD_FILE: the file \/missing can not be read/])
})

t.test('No secret appears in what is printed, in origins, warnings or complaints', async t => {
  const canary = 'c4n4ry'
  const env = {
    KAFKA_BROKERS: 'k:9092',
    KAFKA_SASL_USERNAME: 'u',
    KAFKA_SASL_PASSWORD: canary,
    KAFKA_SSL_KEY_PASSWORD: canary,
    KAFKA_PROPERTY_SASL_OAUTHBEARER_CLIENT_SECRET: canary,
    AWS_SECRET_ACCESS_KEY: canary,
    AWS_SESSION_TOKEN: canary
  }
  const loaded = load(env)
  const printed = describeConfig(loaded, env)
  t.notMatch(JSON.stringify([printed, [...loaded.origins], loaded.warnings]), canary)
  t.equal(printed.filter(({ value }) => value === '********').length, 5, 'each is shown as set')
  t.same([...new Set(loaded.secrets)], [canary])
  t.notMatch(problemsOf({ ...env, CHUNK_RECORDS: 'x' }).join(), canary)
})

t.test('KAFKA_PROPERTY_ passes any property on, but for those that would break a promise or have a knob', async t => {
  const { config } = load({ ...MINIMAL, KAFKA_PROPERTY_FETCH_MIN_BYTES: '1024', KAFKA_PROPERTY_DEBUG: 'cgrp' })
  t.same(config.kafka.properties, { 'fetch.min.bytes': '1024', debug: 'cgrp' })
  const refused = ['ENABLE_AUTO_COMMIT', 'ENABLE_AUTO_OFFSET_STORE', 'GROUP_ID', 'ENABLE_PARTITION_EOF', 'ISOLATION_LEVEL', 'REBALANCE_CB', 'OFFSET_COMMIT_CB', 'ACKS', 'BOOTSTRAP_SERVERS', 'SESSION_TIMEOUT_MS']
  for (const name of refused) t.same(problemsOf({ ...MINIMAL, [`KAFKA_PROPERTY_${name}`]: 'x' }).map(variableOf), [`KAFKA_PROPERTY_${name}`])
  t.match(problemsOf({ ...MINIMAL, KAFKA_PROPERTY_GROUP_ID: 'x' }), [/KAFKA_GROUP_ID/], 'with the knob to use')
  t.match(load({ ...MINIMAL, KAFKA_PROPERTY_ENABLE_SSL_CERTIFICATE_VERIFICATION: 'false' }).warnings, [/may not be verified/])
})

t.test('Static members are warned of the assignor that would not miss one that dies in a rebalance', async t => {
  const member = { ...MINIMAL, KAFKA_GROUP_INSTANCE_ID: 'replica-0' }
  t.match(load(member).warnings, [/KAFKA_ASSIGNMENT_STRATEGY=range/])
  t.same(load({ ...member, KAFKA_ASSIGNMENT_STRATEGY: 'range' }).warnings, [])
  t.same(load({ ...member, KAFKA_GROUP_PROTOCOL: 'consumer' }).warnings, [])
})

t.test('A variable that is nearly a knob is warned of, with the knob that was meant', async t => {
  const warnings = (env: Environment): readonly string[] => load({ ...MINIMAL, ...env }).warnings
  t.match(warnings({ SQS_CONCURENCY: '3' }), [/SQS_CONCURENCY .* SQS_CONCURRENCY\?/])
  t.match(warnings({ HOLD_MAXMS: '3' }), [/HOLD_MAX_MS\?/], 'also without a prefix of ours')
  t.match(warnings({ KAFKA_SOMETHING_ELSE: 'x' }), [/KAFKA_SOMETHING_ELSE is not a setting/])
  t.same(warnings({ KAFKA_SERVICE_HOST: '10.0.0.1', KAFKA_PORT_9092_TCP_ADDR: '10.0.0.1', KAFKA_PORT: 'tcp://10.0.0.1:9092', PATH: '/bin', HOME: '/', AWS_REGION: 'x' }), [],
    'service links of Kubernetes and strangers are left alone')
})

t.test('Settings that contradict each other are refused', async t => {
  const cases: Array<[Environment, string]> = [
    [{ CHUNK_RECORDS: '500', MAX_IN_FLIGHT_RECORDS: '100' }, 'CHUNK_RECORDS'],
    [{ MAX_IN_FLIGHT_BYTES: '1024' }, 'MAX_RECORD_BYTES'],
    [{ MAX_UNCOMMITTED_SPAN: '10' }, 'COMMIT_EVERY_RECORDS'],
    [{ SHUTDOWN_GRACE_MS: '1000' }, 'REVOKE_DRAIN_MS'],
    [{ KAFKA_SESSION_TIMEOUT_MS: '400000' }, 'KAFKA_SESSION_TIMEOUT_MS'],
    [{ VALIDATION_TIMEOUT_MS: '6000' }, 'VALIDATION_TIMEOUT_MS'],
    [{ RETRY_BACKOFF_BASE_MS: '6000' }, 'RETRY_BACKOFF_BASE_MS'],
    [{ AWS_CONNECT_TIMEOUT_MS: '6000' }, 'AWS_CONNECT_TIMEOUT_MS'],
    [{ RETRY_VISIBILITY_MS: '5000' }, 'AWS_REQUEST_TIMEOUT_MS'],
    [{ HOLD_MAX_MS: '235000' }, 'HOLD_MAX_MS'],
    [{ ADMIN_PORT: '65535', PROCESSES: '2' }, 'ADMIN_PORT'],
    [{ KAFKA_SASL_PASSWORD: 'x' }, 'KAFKA_SECURITY_PROTOCOL'],
    [{ KAFKA_SSL_KEY_LOCATION: '/exists' }, 'KAFKA_SSL_CERTIFICATE_LOCATION'],
    [{ DEAD_LETTER_TOPIC: 'stream_producer' }, 'DEAD_LETTER_TOPIC'],
    [{ SQS_QUEUE_URLS: '{"Stranger":"http://q/x.fifo"}' }, 'SQS_QUEUE_URLS']
  ]
  for (const [env, variable] of cases) t.same(problemsOf({ ...MINIMAL, ...env }).map(variableOf), [variable], JSON.stringify(env))
})

t.test('A client map can not pollute prototypes', async t => {
  const { config } = load({ ...MINIMAL, SQS_QUEUE_URLS: '{"Client_A":"http://q/a.fifo"}' })
  t.equal(config.sqs.queueUrls.Client_A, 'http://q/a.fifo')
  t.equal(config.sqs.queueUrls.constructor, undefined)
  t.match(problemsOf({ ...MINIMAL, SQS_QUEUE_URLS: '{"__proto__":"http://q/a.fifo"}' }), [/__proto__/])
})

function machineWith ({ cores = 4, files = {} }: { cores?: number, files?: Readonly<Record<string, string>> } = {}): Machine {
  return {
    cores,
    fileExists: path => path !== '/nowhere.json',
    readFile: path => {
      const text = files[path]
      if (text === undefined) throw new Error('ENOENT')
      return text
    }
  }
}

function load (env: Environment, machine?: Parameters<typeof machineWith>[0]): ReturnType<typeof loadConfig<'events'>> {
  return loadConfig(env, 'events', machineWith(machine))
}

function problemsOf (env: Environment, machine?: Parameters<typeof machineWith>[0]): readonly string[] {
  try {
    load(env, machine)
    return []
  } catch (error) {
    if (error instanceof UsageError) return error.problems
    throw error
  }
}

function variableOf (problem: string): string {
  return problem.slice(0, problem.indexOf(':'))
}
