import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { createSelfSigned } from '../../bench/counting-endpoint/self-signed.js'
import { type CheckResult } from '../../src/cli/checks/check-result.js'
import { checkKafka, deliveryTopics } from '../../src/cli/checks/kafka.js'
import { provisionDelivery } from '../../src/cli/provision/provision-delivery.js'
import { KafkaAdmin } from '../../src/connectors/kafka/admin.js'
import { loadConfig } from '../../src/service/config/load-config.js'
import { deleteRecords } from '../faults/harness/kafka-request.js'
import { DestinationServer } from '../helpers/destination-server.js'
import { produceAt } from '../helpers/produce-at.js'
import { createTestFolder, startTestStack } from '../helpers/stack.js'

const LAUNCHER = fileURLToPath(new URL('../../src/cli/launcher.js', import.meta.url))
const HOUR_MS = 3_600_000
const OPTIONS = { partitions: 6, replicationFactor: 1, timeoutMs: 30_000 }
const DESTINATIONS = [
  { name: 'bigquery', url: 'https://bigquery.example.com/events' },
  { name: 'redshift', url: 'https://redshift.example.com/events', deadLetterTopic: 'shared' },
  { name: 'snowflake', url: 'https://snowflake.example.com/events', deadLetterTopic: 'shared' }
]
const TOPICS = ['event-log', 'event-delivery-kafka-bigquery.dead-letters', 'shared']

const { kafka } = await startTestStack(t, { servers: ['kafka'] })
const { config } = loadConfig({ KAFKA_BROKERS: kafka.brokers, DELIVERY_DESTINATIONS_JSON: JSON.stringify(DESTINATIONS) }, 'delivery')

t.test('create makes the topic of the events and those of the dead letters; again, it finds them', async t => {
  t.same((await failures()).map(({ name }) => name), TOPICS.map(name => `topic ${name}`))
  t.same((await provisionDelivery(config, OPTIONS)).map(({ name, result }) => [name, result]), TOPICS.map(name => [name, 'created']))
  t.same((await provisionDelivery(config, OPTIONS)).map(({ name, result }) => [name, result]), TOPICS.map(name => [name, 'existed']))
  t.same(await failures(), [])
  const admin = await KafkaAdmin.connect(config.kafka, 10_000)
  t.teardown(() => admin.close())
  for (const topic of await admin.describeTopics(TOPICS)) t.equal(topic?.partitions.length, 6)
})

t.test('check says what the group of each destination has committed', async t => {
  const groups = (await check()).filter(({ name }) => name.startsWith('group '))
  t.match(groups, DESTINATIONS.map(({ name }) => ({ status: 'note', name: `group event-delivery-kafka-${name}`, detail: /0 of 6 partitions/ })))
})

t.test('the command connects to every destination, sends nothing, says all that is wrong at once, and ends with 1', async t => {
  const { key, certificate } = createSelfSigned()
  const [plain, encrypted, gone] = [await DestinationServer.start(), await DestinationServer.start(undefined, { key, cert: certificate }), await DestinationServer.start()]
  t.teardown(async () => { await Promise.all([plain.close(), encrypted.close()]) })
  const allowed = { allowHttp: true, allowedNetworks: ['127.0.0.1'], deadLetterTopic: 'shared' }
  const destinations = [
    { name: 'well', url: `${encrypted.url}?token=hidden`, ...allowed },
    { name: 'plain', url: plain.url, ...allowed },
    { name: 'private', url: plain.url, allowHttp: true, deadLetterTopic: 'shared' },
    { name: 'gone', url: gone.url, ...allowed },
    { name: 'mute', url: `https://127.0.0.1:${plain.port}/`, ...allowed, deadLetterTopic: 'nobody-made-it' }
  ]
  await gone.close()
  const authority = join(createTestFolder(t), 'authority.pem')
  writeFileSync(authority, certificate)
  const environment = { KAFKA_BROKERS: kafka.brokers, DELIVERY_DESTINATIONS_JSON: JSON.stringify(destinations), NODE_EXTRA_CA_CERTS: authority }

  const { code, output } = await run(['check', '--pipeline', 'delivery', '--json'], environment)
  const { checks } = JSON.parse(output) as { checks: CheckResult[] }
  const found = (name: string): CheckResult | undefined => checks.find(check => check.name === name)
  t.match(found('destination well'), { status: 'note', detail: new RegExp(`^https://127\\.0\\.0\\.1:${encrypted.port} at 127\\.0\\.0\\.1, port ${encrypted.port}: TLSv1\\.[23], certificate until \\d{4}-`), remedy: /renewed/ }, 'it ends tomorrow')
  t.match(found('destination plain'), { status: 'note', detail: /nothing sent is encrypted/ })
  t.match(found('destination private'), { status: 'failed', detail: /FORBIDDEN_ADDRESS: .*127\.0\.0\.1 is loopback/, remedy: /allowedNetworks/ })
  t.match(found('destination gone'), { status: 'failed', detail: /CONNECTION: .*ECONNREFUSED/ })
  t.match(found('destination mute'), { status: 'failed', detail: /TLS_FAILED/ })
  t.match(found('topic nobody-made-it'), { status: 'failed', remedy: 'penstock create --pipeline delivery' })
  t.equal(code, 1)
  t.notMatch(output, 'hidden', 'the rest of a URL may be a secret')
  t.strictSame([plain.received, encrypted.received], [[], []])

  const healthy = { ...environment, DELIVERY_DESTINATIONS: 'well,plain' }
  const again = await run(['check', '--pipeline', 'delivery'], healthy)
  t.equal(again.code, 0, 'what this process does not deliver to is not looked at')
  t.match(again.output, 'Everything is in place.')
  t.notMatch(again.output, 'destination gone')
})

t.test('what a topic holds tells of a retention that is too short', async t => {
  const retention = async (): Promise<CheckResult | undefined> => (await check()).find(({ name }) => name === 'retention of event-log')
  t.match(await retention(), { status: 'note', detail: /does not speak against it/, remedy: /kafka-configs/ })
  await produceAt(config.kafka, 'event-log', Date.now() - 20 * HOUR_MS, [{ key: Buffer.from('a'), value: Buffer.from('older') }])
  await produceAt(config.kafka, 'event-log', Date.now(), [{ key: Buffer.from('a'), value: Buffer.from('younger') }])
  t.match(await retention(), { detail: /does not speak against it/ }, 'the older half is there')
  const admin = await KafkaAdmin.connect(config.kafka, 10_000)
  t.teardown(() => admin.close())
  const holding = (await Promise.all(Array.from({ length: 6 }, async (_, partition) => ({ partition, ...await admin.watermarks('event-log', partition) })))).find(({ high }) => high > 0)
  await deleteRecords(Number(kafka.brokers.split(':')[1]), 'event-log', holding!.partition, 1)
  t.match(await retention(), { status: 'note', detail: new RegExp(`of partitions ${holding!.partition} everything older than half of DELIVERY_RETENTION_MS is gone`) })
})

/** The command as a user types it. */
async function run (args: readonly string[], environment: Readonly<Record<string, string>>): Promise<{ code: number | null, output: string }> {
  return await new Promise(resolve => {
    const child = execFile(process.execPath, [LAUNCHER, ...args], { env: { PATH: process.env.PATH, HOME: process.env.HOME, ...environment } }, (_error, output) => { resolve({ code: child.exitCode, output }) })
  })
}

async function check (): Promise<CheckResult[]> {
  return await checkKafka(config.kafka, deliveryTopics(config), 10_000)
}

async function failures (): Promise<CheckResult[]> {
  return (await check()).filter(({ status }) => status === 'failed')
}
