import { readFileSync } from 'node:fs'
import t from 'tap'
import { createLogger } from '../../../../src/service/logger.js'
import { describeConfig } from '../../../../src/service/config/describe-config.js'
import { type Machine } from '../../../../src/service/config/knob.js'
import { type Environment, loadConfig } from '../../../../src/service/config/load-config.js'
import { UsageError } from '../../../../src/errors.js'

const BIGQUERY = { name: 'bigquery', url: 'https://events.example.com/in?token=query-canary' }
const SECRET = `whsec_${Buffer.alloc(24, 'canary').toString('base64')}`
const HASH = 'ab'.repeat(32)
const MINIMAL = { KAFKA_BROKERS: '127.0.0.1:9092', DELIVERY_DESTINATIONS_JSON: JSON.stringify([BIGQUERY]) }

t.test('A destination needs a name and a URL; everything else has a default', async t => {
  const { delivery, ingest } = load(MINIMAL).config
  t.strictSame(delivery.destinations, [{
    ...BIGQUERY,
    method: 'POST',
    headers: {},
    connectTimeoutMs: 2_000,
    timeoutMs: 10_000,
    concurrency: 16,
    retries: 3,
    backoffBaseMs: 250,
    backoffMaxMs: 10_000,
    retryAfterMaxMs: 60_000,
    breakerFailures: 5,
    breakerProbeMaxMs: 30_000,
    onExhausted: 'dead-letter',
    signingSecrets: [],
    startAt: 'earliest',
    allowHttp: false,
    allowedNetworks: [],
    deadLetterTopic: 'event-delivery-kafka-bigquery.dead-letters'
  }])
  t.match(delivery, { topic: 'event-log', retentionMs: 86_400_000, parts: 'all', groupPrefix: 'event-delivery-kafka-', subset: [] })
  t.match(ingest, { host: '127.0.0.1', port: 8_080, tenants: [] })
})

t.test('Destinations come from a file as well', async t => {
  const files = { '/etc/destinations.json': JSON.stringify([BIGQUERY, { ...BIGQUERY, name: 'redshift' }]) }
  const { config, origins } = load({ KAFKA_BROKERS: '127.0.0.1:9092', DELIVERY_DESTINATIONS_FILE: '/etc/destinations.json' }, files)
  t.strictSame(config.delivery.destinations.map(({ name }) => name), ['bigquery', 'redshift'])
  t.equal(origins.get('DELIVERY_DESTINATIONS_JSON'), 'file /etc/destinations.json')
  t.match(problemsOf({ ...MINIMAL, DELIVERY_DESTINATIONS_FILE: '/etc/destinations.json' }, files), [/^DELIVERY_DESTINATIONS_JSON: is set, and so is DELIVERY_DESTINATIONS_FILE/])
  t.match(problemsOf({ KAFKA_BROKERS: 'localhost:1', DELIVERY_DESTINATIONS_FILE: '/nowhere' }), [/^DELIVERY_DESTINATIONS_FILE: the file \/nowhere can not be read/])
})

t.test('The example of the project passes', async t => {
  const text = readFileSync(new URL('../../../../../resource/delivery/destinations.json', import.meta.url), 'utf8')
  const { delivery } = load({ ...MINIMAL, DELIVERY_DESTINATIONS_JSON: text }).config
  t.same(delivery.destinations.map(({ name }) => name).sort(), ['azureDataLake', 'bigquery', 'postgres', 'redshift', 'snowflake'], 'the destinations of the original')
})

t.test('All mistakes in the destinations are said at once, by the name of the destination', async t => {
  const found = (...destinations: unknown[]): readonly string[] => problemsOf({ ...MINIMAL, DELIVERY_DESTINATIONS_JSON: JSON.stringify(destinations) })
    .map(problem => problem.replace(/^DELIVERY_DESTINATIONS_JSON: /, '').replace(/; for example .*$/, ''))
  t.strictSame(found({ name: 'a b', url: '', timeoutMs: 0, retry: 1 }, { url: 'https://x.example', onExhausted: 'drop' }, 7), [
    'destination "a b": has an unknown member "retry"',
    'destination "a b": name must match pattern "^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$"',
    'destination "a b": url must NOT have fewer than 1 characters',
    'destination "a b": timeoutMs must be >= 10',
    "destination 2: must have required property 'name'",
    'destination 2: onExhausted must be equal to one of the allowed values: dead-letter, block',
    'destination 3: must be object'
  ])
  t.strictSame(found(
    { name: 'one', url: 'http://u:canary@x.example/#y', headers: { Host: 'h', 'Webhook-Id': 'i', a: '1', A: '2' } },
    { name: 'ONE', url: 'ftp://x.example', timeoutMs: 100, connectTimeoutMs: 200, backoffBaseMs: 20_000, allowedNetworks: ['10.0.0.0/8', '10.0.0', '::1'] },
    { name: 'two', url: '/in' }
  ), [
    'destination "ONE": there is another of this name',
    'destination "one": url is http, which "allowHttp": true would allow',
    'destination "one": url holds a user or a password; send them in headers',
    'destination "one": url has a fragment',
    'destination "one": headers may not set Host: the request decides it',
    'destination "one": headers may not set Webhook-Id: the request decides it',
    'destination "one": headers has a twice',
    'destination "ONE": url is neither https nor http',
    'destination "ONE": allowedNetworks has "10.0.0", which is no network such as "10.0.0.0/8"',
    'destination "ONE": connectTimeoutMs 200 is above timeoutMs 100, which includes it',
    'destination "ONE": backoffBaseMs 20000 is above backoffMaxMs 10000',
    'destination "two": url is no absolute URL'
  ])
  t.match(found(), ['the list must NOT have fewer than 1 items'])
  t.match(found({ ...BIGQUERY, signingSecrets: ['whsec_short', SECRET, SECRET] }).length, 3)
})

t.test('No value that may be secret stands in a complaint, in the printed configuration or in a log line', async t => {
  const canary = 'header-canary'
  const destinations = [{ ...BIGQUERY, headers: { authorization: canary }, signingSecrets: [SECRET] }]
  const wrong = problemsOf({ ...MINIMAL, DELIVERY_DESTINATIONS_JSON: JSON.stringify([{ ...destinations[0], headers: { authorization: `${canary}\n` }, signingSecrets: [`${SECRET}!`] }]) })
  t.equal(wrong.length, 2)
  t.notMatch(wrong.join('\n'), /canary|Y2FuYXJ5/)
  const env = { ...MINIMAL, DELIVERY_DESTINATIONS_JSON: JSON.stringify(destinations), INGEST_KEYS: JSON.stringify({ acme: { keyHashes: [HASH] } }) }
  const loaded = load(env)
  const printed = JSON.stringify(describeConfig(loaded, env))
  t.match(printed, /bigquery: POST https:\/\/events.example.com/)
  t.match(printed, /acme \(1 key\)/)
  t.notMatch(printed, new RegExp(`canary|${SECRET}|${HASH}`))
  let line = ''
  createLogger({ level: 'info', secrets: loaded.secrets, destination: { write: text => { line += text } } }).info({ canary, SECRET, HASH, url: BIGQUERY.url }, 'x')
  t.notMatch(line, new RegExp(`-canary|${SECRET}|${HASH}`))
})

t.test('A process may accept events alone, deliver alone, or deliver to some', async t => {
  t.match(problemsOf({ KAFKA_BROKERS: 'localhost:1' }), [/^DELIVERY_DESTINATIONS_FILE: is not set.*DELIVERY_PARTS=ingest/])
  t.same(problemsOf({ KAFKA_BROKERS: 'localhost:1', DELIVERY_PARTS: 'ingest' }), [])
  t.same(problemsOf({ ...MINIMAL, DELIVERY_DESTINATIONS: 'bigquery' }), [])
  t.match(problemsOf({ ...MINIMAL, DELIVERY_DESTINATIONS: 'bigquery,redshift' }), [/^DELIVERY_DESTINATIONS: there is no destination "redshift"/])
})

t.test('Without keys events are accepted from this machine only', async t => {
  for (const host of ['127.0.0.1', 'localhost', '::1']) t.same(problemsOf({ ...MINIMAL, INGEST_HOST: host }), [], host)
  for (const host of ['0.0.0.0', '::', '10.0.0.1']) t.match(problemsOf({ ...MINIMAL, INGEST_HOST: host }), [/^INGEST_KEYS: is not set, but INGEST_HOST=/], host)
  t.same(problemsOf({ ...MINIMAL, INGEST_HOST: '0.0.0.0', DELIVERY_PARTS: 'destinations' }), [], 'where none are accepted it does not matter')
  const keys = { acme: { keyHashes: [HASH], eventsPerSecond: 10 } }
  t.strictSame(load({ ...MINIMAL, INGEST_HOST: '0.0.0.0', INGEST_KEYS: JSON.stringify(keys) }).config.ingest.tenants, [
    { name: 'acme', keyHashes: [HASH], disabled: false, eventsPerSecond: 10, maxEventBytes: undefined }
  ])
})

t.test('What is wrong with the keys is said at once, without them', async t => {
  const problems = problemsOf({ ...MINIMAL, INGEST_KEYS: JSON.stringify({ acme: { keyHashes: ['plain-canary'], limit: 1 }, other: {} }) })
  t.equal(problems.length, 3)
  t.notMatch(problems.join('\n'), /canary/)
  t.match(problemsOf({ ...MINIMAL, INGEST_KEYS: JSON.stringify({ a: { keyHashes: [HASH] }, b: { keyHashes: [HASH.toUpperCase()] } }) }), [/two tenants the same key/])
})

t.test('What must fit is compared, and what is odd is warned of', async t => {
  t.match(problemsOf({ ...MINIMAL, INGEST_MAX_PENDING_BYTES: '100000000', KAFKA_PRODUCER_QUEUE_KBYTES: '65536' }), [/^INGEST_MAX_PENDING_BYTES: .* above KAFKA_PRODUCER_QUEUE_KBYTES/])
  t.match(problemsOf({ ...MINIMAL, INGEST_PORT: '65535', PROCESSES: '2' }), [/^INGEST_PORT: /])
  t.match(problemsOf({ ...MINIMAL, DELIVERY_DESTINATIONS_JSON: JSON.stringify([{ ...BIGQUERY, deadLetterTopic: 'event-log' }]) }), [/is the topic of the events/])
  const { warnings } = load({ ...MINIMAL, DELIVERY_DESTINATIONS_JSON: JSON.stringify([{ ...BIGQUERY, tenants: ['acme'] }]), INGEST_PROT: '1' })
  t.match(warnings, [/destination bigquery is for acme/, /Did you mean INGEST_PORT/])
})

function load (env: Environment, files: Readonly<Record<string, string>> = {}): ReturnType<typeof loadConfig<'delivery'>> {
  const machine: Machine = {
    cores: 2,
    fileExists: path => path in files,
    readFile: path => {
      const text = files[path]
      if (text === undefined) throw new Error('no such file')
      return text
    }
  }
  return loadConfig(env, 'delivery', machine)
}

function problemsOf (env: Environment, files?: Readonly<Record<string, string>>): readonly string[] {
  try {
    load(env, files)
    return []
  } catch (error) {
    if (error instanceof UsageError) return error.problems
    throw error
  }
}
