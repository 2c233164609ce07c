import t from 'tap'
import { checkKafka, routingTopics } from '../../src/cli/checks/kafka.js'
import { type CheckResult } from '../../src/cli/checks/check-result.js'
import { checkRegistry } from '../../src/cli/checks/registry.js'
import { provisionRouting } from '../../src/cli/provision/provision-routing.js'
import { KafkaAdmin } from '../../src/connectors/kafka/admin.js'
import { RegistryClient } from '../../src/connectors/schema-registry/registry-client.js'
import { loadConfig, type RoutingConfig } from '../../src/service/config/load-config.js'
import { startTestStack } from '../helpers/stack.js'

const OPTIONS = { partitions: 3, replicationFactor: 1, timeoutMs: 30_000 }

const { kafka, registry } = await startTestStack(t, { servers: ['kafka', 'registry'] })

t.test('create makes topics of three partitions and registers the schemas; again, it finds them', async t => {
  const config = configFor({})
  t.same((await check(config)).filter(({ status }) => status === 'failed').map(({ name }) => name), [
    'topic producer.to.processor', 'topic processor.to.finance', 'topic processor.to.marketing', 'topic processor.to.logistics',
    'topic producer.to.processor.dead-letters'
  ], 'the schemas would be registered by run')
  const first = await provisionRouting(config, OPTIONS)
  t.same(first.map(({ kind, name, result }) => [kind, name, result]), [
    ['topic', 'producer.to.processor', 'created'],
    ['topic', 'processor.to.finance', 'created'],
    ['topic', 'processor.to.marketing', 'created'],
    ['topic', 'processor.to.logistics', 'created'],
    ['topic', 'producer.to.processor.dead-letters', 'created'],
    ['schema', 'producer.to.processor-value', 'created'],
    ['schema', 'producer.to.processor-value', 'created'],
    ['schema', 'processor.to.consumer-value', 'created']
  ])
  t.same([...new Set((await provisionRouting(config, OPTIONS)).map(({ result }) => result))], ['existed'])
  t.same((await check(config)).filter(({ status }) => status === 'failed'), [])
  t.match(await checkRegistry(configFor({ SCHEMA_REGISTRATION: 'check' })), [{ status: 'passed' }, { status: 'passed' }, { status: 'passed', detail: /has our schema/ }])
  const admin = await KafkaAdmin.connect(config.kafka, 10_000)
  t.teardown(() => admin.close())
  for (const topic of await admin.describeTopics(['producer.to.processor', 'processor.to.finance'])) t.equal(topic?.partitions.length, 3)
})

t.test('a subject that has another schema is told, by create and by check', async t => {
  const config = configFor({ ROUTING_DESTINATIONS: JSON.stringify({ FINANCE: { output_topic: 'processor.to.finance', output_subject: 'taken-value' } }) })
  const client = new RegistryClient(config.registry)
  t.teardown(() => client.close())
  await client.register('taken-value', '{"type":"record","name":"Other","fields":[{"name":"a","type":"long"}]}')
  t.match((await provisionRouting(config, OPTIONS)).find(({ name }) => name === 'taken-value'), { result: 'differs' })
  t.match((await checkRegistry(config)).find(({ name }) => name === 'subject taken-value'), { status: 'failed', detail: /not compatible/ })
})

t.test('a registry that is away is a failure of its own, the topics are made all the same', async t => {
  const config = configFor({ SCHEMA_REGISTRY_URL: 'http://127.0.0.1:1' })
  const steps = await provisionRouting(config, OPTIONS)
  t.same([...new Set(steps.map(({ kind, result }) => `${kind} ${result}`))], ['topic existed', 'schema failed'])
  t.match(await checkRegistry(config), [{ status: 'failed', name: 'schema registry' }])
})

function configFor (env: Readonly<Record<string, string>>): RoutingConfig {
  return loadConfig({ KAFKA_BROKERS: kafka.brokers, SCHEMA_REGISTRY_URL: registry.url, ...env }, 'routing').config
}

async function check (config: RoutingConfig): Promise<CheckResult[]> {
  return [...await checkKafka(config.kafka, routingTopics(config), 10_000), ...await checkRegistry(config)]
}
