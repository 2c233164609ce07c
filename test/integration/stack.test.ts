import { spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import t from 'tap'
import { stackDown, stackStatus, stackUp } from '../../src/stack/detached-stack.js'
import { KafkaAdmin } from '../../src/connectors/kafka/admin.js'
import { type KafkaSettings } from '../../src/connectors/kafka/client-config.js'
import { createFileSource } from '../../src/stack/file-source.js'
import { createKafka } from '../../src/stack/kafka.js'
import { identifyProcess } from '../../src/stack/process-identity.js'
import { canListen, findFreePort, LOOPBACK } from '../../src/stack/ports.js'
import { ServerStartError } from '../../src/stack/server-start-error.js'
import { type StackEvent } from '../../src/stack/start-server.js'
import { createTestFolder, startTestStack } from '../helpers/stack.js'
import { until } from '../helpers/until.js'

t.test('all servers come up, Kafka survives a SIGKILL, and a file source sends the lines of a file as they come', async t => {
  const events: StackEvent[] = []
  const stack = await startTestStack(t, { servers: ['kafka', 'connect', 'dynamodb', 'elasticmq'], onEvent: event => events.push(event) })
  t.same(events.filter(({ kind }) => kind === 'ready').map(({ server }) => server).sort(), ['connect', 'dynamodb', 'elasticmq', 'kafka'])
  const { brokers } = stack.kafka
  await stack.kafka.kill()
  t.equal(stack.kafka.pid, undefined)
  await stack.kafka.start()
  t.equal(stack.kafka.brokers, brokers, 'it is where it was')
  const file = join(createTestFolder(t), 'events.txt')
  writeFileSync(file, '{}\n')
  const admin = await KafkaAdmin.connect({ ...KAFKA_SETTINGS, brokers: [brokers] }, 10_000)
  t.teardown(() => admin.close())
  const topic = 'lines'
  await admin.createTopic({ name: topic, partitions: 1, replicationFactor: 1, config: {} })
  const countRecords = async () => (await admin.watermarks(topic, 0)).high
  await createFileSource(stack.connect.url, { name: 'file', file, topic })
  await until(async () => await countRecords() === 1)
  appendFileSync(file, '{}\n{}\n')
  await until(async () => await countRecords() === 3)
  await createFileSource(stack.connect.url, { name: 'file', file, topic })
  t.equal(await countRecords(), 3, 'creating it again sends nothing twice')
})

t.test('tables of a persistent DynamoDB Local are there after a stop', async t => {
  const { dynamodb } = await startTestStack(t, { servers: ['dynamodb'], dynamodb: { persistent: true } })
  await callDynamoDb(dynamodb.endpoint, 'CreateTable', {
    TableName: 'kept',
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }]
  })
  await dynamodb.stop()
  await t.rejects(callDynamoDb(dynamodb.endpoint, 'ListTables', {}))
  await dynamodb.start()
  t.same(await callDynamoDb(dynamodb.endpoint, 'ListTables', {}), { TableNames: ['kept'] })
})

t.test('when the parent is killed, its servers are gone', async t => {
  const parent = spawn(process.execPath, ['--input-type=module', '-e', `
    import { startLocalStack } from ${JSON.stringify(import.meta.resolve('../../src/stack/local-stack.js'))}
    const { kafka, elasticmq } = await startLocalStack({ dir: ${JSON.stringify(createTestFolder(t))}, servers: ['kafka', 'elasticmq'] })
    console.log(JSON.stringify([kafka.pid, elasticmq.pid]))
    setInterval(() => {}, 1000)
  `], { stdio: ['ignore', 'pipe', 'inherit'] })
  const line = await new Promise<string>(resolve => createInterface(parent.stdout).once('line', resolve))
  const pids = JSON.parse(line) as number[]
  for (const pid of pids) t.type(identifyProcess(pid), 'string')
  parent.kill('SIGKILL')
  await until(() => pids.every(pid => identifyProcess(pid) === undefined))
  t.pass('nothing is left')
})

t.test('a known port that is taken is moved, and the move is told', async t => {
  const taken = 9324
  const stranger = createServer().listen(taken, LOOPBACK)
  t.teardown(() => stranger.close())
  const events: StackEvent[] = []
  const { elasticmq } = await startTestStack(t, { servers: ['elasticmq'], ports: 'known', onEvent: event => events.push(event) })
  t.not(elasticmq.endpoint, `http://${LOOPBACK}:${taken}`)
  t.match(events.map(({ message }) => message), [/port 9324 is taken, using \d+/, 'starting', /^ready at http/])
})

t.test('a server that dies at start is reported with the end of its log', async t => {
  const dir = createTestFolder(t)
  const [port, controllerPort] = [await findFreePort(), await findFreePort()]
  const kafka = createKafka({ dir, logFile: join(dir, 'kafka.log'), port, controllerPort, properties: { 'num.partitions': 'many' } })
  const error = await kafka.start().then(() => undefined, (error: unknown) => error)
  if (!(error instanceof ServerStartError)) return t.fail('it should have been refused')
  t.match(error.message, /Kafka did not start: it ended with exit code 1/)
  t.match(error.logTail, /Invalid value many/)
  t.ok(await canListen(port))
})

t.test('a port that somebody took between the look and the start is recognised', async t => {
  const dir = createTestFolder(t)
  const stranger = createServer()
  const port = await findFreePort()
  await new Promise<void>(resolve => stranger.listen(port, LOOPBACK, resolve))
  t.teardown(() => stranger.close())
  const kafka = createKafka({ dir, logFile: join(dir, 'kafka.log'), port, controllerPort: await findFreePort() })
  const error = await kafka.start().then(() => undefined, (error: unknown) => error)
  t.ok(error instanceof ServerStartError && error.isPortTaken)
})

t.test('a detached stack outlives the command that started it, and down ends exactly it', async t => {
  const dir = createTestFolder(t)
  const up = spawn(process.execPath, ['--input-type=module', '-e', `
    import { stackUp } from ${JSON.stringify(import.meta.resolve('../../src/stack/detached-stack.js'))}
    await stackUp({ dir: ${JSON.stringify(dir)}, servers: ['elasticmq'], ports: 'free' })
  `], { stdio: 'inherit' })
  t.teardown(() => stackDown({ dir }))
  t.equal(await new Promise(resolve => up.once('exit', resolve)), 0)
  const [elasticmq] = await stackStatus({ dir })
  t.match(elasticmq, { name: 'elasticmq', running: true, endpoint: /^http:/ })
  t.equal((await fetch(`${elasticmq?.endpoint}/?Action=ListQueues`)).status, 200)
  const again = await stackUp({ dir, servers: ['elasticmq'], ports: 'free' })
  t.equal(again[0]?.pid, elasticmq?.pid, 'up again leaves it as it is')
  t.same(await stackDown({ dir }), ['elasticmq'])
  t.equal(identifyProcess(elasticmq?.pid ?? 0), undefined)
  t.same(await stackStatus({ dir }), [])
})

const KAFKA_SETTINGS: KafkaSettings = {
  brokers: [],
  clientId: 'test',
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

async function callDynamoDb (endpoint: string, operation: string, input: object): Promise<unknown> {
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': `DynamoDB_20120810.${operation}`,
      authorization: 'AWS4-HMAC-SHA256 Credential=local/20240101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0'
    },
    body: JSON.stringify(input)
  })
  return await response.json()
}
