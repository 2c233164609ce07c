import t from 'tap'
import { createDynamoDBClient, createSqsClient } from '../../../../src/connectors/aws/clients.js'
import { encodeRow } from '../../../../src/connectors/dynamodb/row.js'
import { encodeEntry } from '../../../../src/connectors/sqs/entry.js'
import { createTransports } from '../../../../src/pipelines/events/transports.js'
import { loadConfig } from '../../../../src/service/config/load-config.js'
import { type Logger } from '../../../../src/service/logger.js'
import { answer, startRawServer } from '../../connectors/aws/transport/raw-server.js'

process.env.AWS_ACCESS_KEY_ID = 'test'
process.env.AWS_SECRET_ACCESS_KEY = 'test'

/** A batch of rows and one of messages, carried as the environment says: what was logged, and what came of them. */
async function carry (variables: Readonly<Record<string, string>>, endpoint: string) {
  const { config } = loadConfig({ KAFKA_BROKERS: '127.0.0.1:9092', ...variables }, 'events')
  const logged: unknown[] = []
  const logger = { info: (line: unknown) => { logged.push(line) } } as Pick<Logger, 'info'> as Logger
  const options = { region: 'eu-west-1', endpoint, maxSockets: 1, connectTimeoutMs: 500, requestTimeoutMs: 1_000 }
  const clients = { dynamodb: createDynamoDBClient(options), sqs: createSqsClient(options) }
  const transports = createTransports(config, clients, logger)
  const { signal } = new AbortController()
  const ends = await Promise.allSettled([
    transports.writer.write('events', [encodeRow('a', { UUID: { S: 'a' } })], signal),
    transports.sender.send('http://sqs/0/a.fifo', [encodeEntry({ body: 'a', groupId: 'g', deduplicationId: 'd' })], signal)
  ])
  transports.destroy()
  clients.dynamodb.destroy()
  clients.sqs.destroy()
  return { logged, ends: ends.map(({ status }) => status) }
}

t.test('batches are carried by what AWS_TRANSPORT names, and the log says by what', async t => {
  const server = await startRawServer(t)
  server.answerWith(answer(200, '{}'))
  for (const transport of ['signed', 'sdk']) {
    server.requests.splice(0)
    const { logged, ends } = await carry({ AWS_TRANSPORT: transport }, server.url)
    t.strictSame(logged, [{ batches: 'table', transport }, { batches: 'queues', transport }])
    t.strictSame(ends, ['fulfilled', 'fulfilled'])
    t.strictSame(server.requests.map(request => request.includes('amz-sdk-invocation-id')), [transport === 'sdk', transport === 'sdk'])
  }
})

t.test('what only the SDK serves is left to it, and the log says why', async t => {
  process.env.AWS_USE_FIPS_ENDPOINT = 'true'
  t.teardown(() => { delete process.env.AWS_USE_FIPS_ENDPOINT })
  const { logged, ends } = await carry({}, 'http://127.0.0.1:1')
  t.match(logged, [{ batches: 'table', reason: /FIPS/ }, { batches: 'queues', reason: /FIPS/ }])
  t.strictSame(ends, ['rejected', 'rejected'], 'the SDK refuses such endpoints of one\'s own')
})
