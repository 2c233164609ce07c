import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DeleteItemCommand, DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb'
import { ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import t from 'tap'
import { LOCAL_CREDENTIALS, LOCAL_REGION } from '../../src/cli/demo/environment.js'
import { runDemo } from '../../src/cli/demo/run-demo.js'
import { stackDown, stackStatus } from '../../src/stack/detached-stack.js'
import { eventText } from '../unit/proof/records.js'
import { createTestFolder } from '../helpers/stack.js'
import { until } from '../helpers/until.js'

const LAUNCHER = fileURLToPath(new URL('../../src/cli/launcher.js', import.meta.url))
const CLIENT = { region: LOCAL_REGION, credentials: LOCAL_CREDENTIALS }

interface Demo {
  readonly pid: number
  readonly output: () => string
  readonly exited: Promise<number | null>
}

function startDemo (...args: string[]): Demo {
  const child = spawn(process.execPath, [LAUNCHER, 'demo', '--ports', 'free', ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', text => { output += text })
  const exited = new Promise<number | null>(resolve => child.once('close', resolve))
  return { pid: child.pid ?? 0, output: () => output, exited }
}

t.test('the demo proves every kind of record that was sent straight to Kafka, and leaves nothing behind', async t => {
  const dir = createTestFolder(t)
  const demo = startDemo('--dir', dir, '--events', '300', '--invalid', '0.5', '--source', 'direct')
  t.equal(await demo.exited, 0, demo.output())
  t.match(demo.output(), /produced +400 = 200 valid \+ 200 invalid[^]*Everything agrees/)
  t.match(demo.output(), /NOT_UTF8/, 'a kind that no file can hold')
  t.same(readdirSync(dir), [])
})

t.test('a row that is missing makes it end with 1 and is named', async t => {
  let deleted = ''
  let output = ''
  const code = await runDemo({ events: 100, invalid: 0, source: 'direct', keep: false, seed: 2, ports: 'free', dir: createTestFolder(t) }, {
    write: text => { output += text },
    beforeProof: async ({ dynamodbEndpoint }, { events }) => {
      const client = new DynamoDBClient({ ...CLIENT, endpoint: dynamodbEndpoint })
      const { Items: [row] = [] } = await client.send(new ScanCommand({ TableName: events.table, Limit: 1 }))
      deleted = row?.UUID?.S ?? ''
      await client.send(new DeleteItemCommand({ TableName: events.table, Key: { UUID: { S: deleted } } }))
      client.destroy()
    }
  })
  t.equal(code, 1)
  t.match(output, /✗ +rows in the table +199, expected 200/)
  t.match(output, new RegExp(`1 × no row in the table\\n.*uid ${deleted}`))
})

t.test('kept up, a line that is appended to the file of the connector arrives; stack down ends everything', async t => {
  const dir = join(createTestFolder(t), 'stack')
  t.teardown(() => stackDown({ dir }))
  const demo = startDemo('--dir', dir, '--events', '300', '--keep')
  t.equal(await demo.exited, 0, demo.output())
  const processes = await stackStatus({ dir })
  t.same(processes.map(({ name, running }) => [name, running]).sort(), ['connect', 'dynamodb', 'elasticmq', 'kafka', 'service'].map(name => [name, true]))

  const text = eventText('appended', 'Client_C')
  await appendFile(join(dir, 'events.txt'), `${text}\n`)
  const endpoint = processes.find(({ name }) => name === 'elasticmq')?.endpoint ?? ''
  const sqs = new SQSClient({ ...CLIENT, endpoint })
  const { Messages: [message] = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: `${endpoint}/000000000000/Client_C.fifo`, WaitTimeSeconds: 10 }))
  sqs.destroy()
  t.equal(message?.Body, text)

  t.same((await stackDown({ dir })).toSorted(), ['connect', 'dynamodb', 'elasticmq', 'kafka', 'service'])
})

t.test('Ctrl-C ends everything that was started, and its folder is gone', async t => {
  const dir = createTestFolder(t)
  const demo = startDemo('--dir', dir, '--events', '50000', '--source', 'direct')
  await until(() => demo.output().includes('Service'), 60_000)
  const adminUrl = /http:\S+(?=\/metrics)/.exec(demo.output())?.[0] ?? ''
  t.equal(readdirSync(dir).length, 1)
  process.kill(demo.pid, 'SIGINT')
  t.equal(await demo.exited, 130, demo.output())
  t.same(readdirSync(dir), [])
  await t.rejects(fetch(`${adminUrl}/live`), 'the service is gone')
})
