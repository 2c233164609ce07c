import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { provisionRouting } from '../../src/cli/provision/provision-routing.js'
import { type SourceRecord } from '../../src/engine/record.js'
import { readEntries, type RoutingEntry } from '../../src/generator/ledger.js'
import { sha256 } from '../../src/proof/digest.js'
import { readTopic } from '../../src/proof/read-topic.js'
import { readAvro, readSubjects } from '../../src/proof/routing/avro-reader.js'
import { loadConfig } from '../../src/service/config/load-config.js'
import { startTestStack } from '../helpers/stack.js'

const LAUNCHER = fileURLToPath(new URL('../../src/cli/launcher.js', import.meta.url))
const TOPIC = 'producer.to.processor'

const { kafka, registry } = await startTestStack(t, { servers: ['kafka', 'registry'] })
const environment = { KAFKA_BROKERS: kafka.brokers, SCHEMA_REGISTRY_URL: registry.url }
const { config } = loadConfig(environment, 'routing')

t.test('before the schemas are registered it says how to do that', async t => {
  t.match(await produce('--count', '1'), { code: 2, output: /^The subject .* does not have the schema that is to be written; register it with: penstock create --pipeline routing\n$/ })
})

t.test('it does what the original\'s producer does: destinations in turn, under their keys, at its pace', async t => {
  await provisionRouting(config, { partitions: 3, replicationFactor: 1, timeoutMs: 30_000 })
  const ledger = join(t.testdir(), 'ledger.ndjson')
  const { code, output } = await produce(
    '--origin-service-type', 'financial', '--origin-service-id', '123456', '--destinations', 'FINANCE,marketing', '--count', '8', '--interval', '100ms', '--ledger', ledger
  )
  t.equal(code, 0, output)
  t.match(output, /Done: 8 records acknowledged in 0\.[789]|Done: 8 records acknowledged in [1-9]/, 'a pause before each of the last seven')
  const schemas = await readSubjects(registry.url, [`${TOPIC}-value`])
  const records = (await readAll()).map(record => ({ key: String(record.key), ...readAvro(schemas, record.value) }))
  t.equal(records.length, 8)
  t.match(records.filter(({ key }) => key === '123456:FINANCE'), new Array(4).fill({ origin_service_type: 'financial', origin_service_id: '123456', destination_service_type: 'FINANCE' }))
  t.match(records.filter(({ key }) => key === '123456:marketing'), new Array(4).fill({ destination_service_type: 'marketing' }))
})

t.test('the ledger says where each record stands and what must become of it', async t => {
  const ledger = join(t.testdir(), 'ledger.ndjson')
  const before = (await readAll()).length
  t.equal((await produce('--count', '300', '--invalid', '0.2', '--fan-out', '0.5', '--origins', '10', '--ledger', ledger)).code, 0)
  t.equal((await produce('--count', '400', '--invalid', '0.2', '--fan-out', '0.5', '--origins', '10', '--ledger', ledger, '--resume')).code, 0)
  const entries = await readEntries<RoutingEntry>(ledger)
  const digests = new Map((await readAll()).map(record => [`${record.partition}:${record.offset}`, sha256(record.value)]))
  t.equal(entries.length, 400)
  t.equal(digests.size, before + 400, 'none twice')
  for (const { place, sha256: digest, kind } of entries) {
    if (!('offset' in place) || digests.get(`${place.partition}:${place.offset}`) !== digest) t.fail(`${kind} at ${JSON.stringify(place)}`)
  }
  t.equal(entries.filter(({ expected }) => expected !== 'valid').length, 80)
  t.ok(entries.some(({ destinations }) => destinations.length > 1))
})

async function readAll (): Promise<SourceRecord[]> {
  const records: SourceRecord[] = []
  await readTopic(config.kafka, TOPIC, record => { records.push(record) })
  return records
}

async function produce (...args: string[]): Promise<{ code: number | null, output: string }> {
  const child = spawn(process.execPath, [LAUNCHER, 'produce', '--pipeline', 'routing', ...args], { env: { ...process.env, ...environment }, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', text => { output += text })
  const code = await new Promise<number | null>(resolve => child.once('close', resolve))
  return { code, output }
}
