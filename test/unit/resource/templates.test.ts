import { readFileSync } from 'node:fs'
import t from 'tap'
import { tableDefinition, TTL_ATTRIBUTE } from '../../../src/connectors/dynamodb/definition.js'
import { clientQueueDefinition, type QueueDefinition, retryQueueDefinition } from '../../../src/connectors/sqs/definition.js'
import { loadConfig } from '../../../src/service/config/load-config.js'
import { queueOf, readTemplate, tableOf } from '../../helpers/templates.js'

const { config } = loadConfig({ KAFKA_BROKERS: '127.0.0.1:9092' }, 'events')

t.test('The table\'s template and the definition that `create` uses are the same', async t => {
  const table = tableOf(readTemplate('table').EventMessageTable)
  t.same(table.input, tableDefinition(config.events.table))
  t.same(table.timeToLive, { AttributeName: TTL_ATTRIBUTE, Enabled: false }, 'off, as in a table that was just created')
})

t.test('The queues\' templates and the definitions that `create` uses are the same, and there is one for each client', async t => {
  const templates = Object.values(readTemplate('queues')).map(queueOf)
  t.same(byName(templates), byName(config.events.clients.map(clientQueueDefinition)))
})

t.test('The retry queue\'s template and definition are the same: 14 days, and no redrive policy', async t => {
  const queue = queueOf(readTemplate('retry-queue').RetryQueue)
  t.same(queue, retryQueueDefinition(config.retry.queue))
  t.equal(queue.attributes.MessageRetentionPeriod, String(14 * 24 * 60 * 60))
  t.notOk('RedrivePolicy' in queue.attributes)
})

t.test('Every queue is high-throughput FIFO', async t => {
  for (const queue of [...Object.values(readTemplate('queues')), ...Object.values(readTemplate('retry-queue'))].map(queueOf)) {
    t.match(queue.attributes, { FifoQueue: 'true', DeduplicationScope: 'messageGroup', FifoThroughputLimit: 'perMessageGroupId' }, queue.name)
    t.match(queue.name, /\.fifo$/)
  }
})

t.test('What holds events outlives its stack', async t => {
  for (const name of ['table', 'queues', 'retry-queue'] as const) {
    for (const [id, resource] of Object.entries(readTemplate(name))) t.match(resource, { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' }, id)
  }
})

t.test('The policies name actions and resources, and every queue and table of the definitions', async t => {
  for (const name of ['events-service', 'events-create']) {
    const policy = JSON.parse(readFileSync(new URL(`../../../../resource/iam/${name}.json`, import.meta.url), 'utf8')) as Policy
    const statements = policy.Statement
    const resources = statements.flatMap(({ Resource: resource }) => resource)
    t.notMatch(statements.flatMap(({ Action: action }) => action).join(), /\*/, 'no action is a wildcard')
    for (const resource of resources) t.match(resource, /:(table\/)?[\w.-]+$/, 'no resource is a wildcard')
    const queues = [...config.events.clients.map(clientQueueDefinition), retryQueueDefinition(config.retry.queue)]
    t.same(new Set(resources.map(resource => resource.split(/[:/]/).at(-1))), new Set([config.events.table, ...queues.map(queue => queue.name)]))
  }
})

interface Policy {
  readonly Statement: ReadonlyArray<{ readonly Action: readonly string[], readonly Resource: string | readonly string[] }>
}

function byName (queues: readonly QueueDefinition[]): QueueDefinition[] {
  return queues.toSorted((a, b) => a.name.localeCompare(b.name))
}
