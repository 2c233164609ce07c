import { BatchWriteItemCommand } from '@aws-sdk/client-dynamodb'
import { SendMessageBatchCommand } from '@aws-sdk/client-sqs'
import t from 'tap'
import { type AwsClientOptions, createDynamoDBClient, createSqsClient } from '../../../../../src/connectors/aws/clients.js'
import { askTarget } from '../../../../../src/connectors/aws/transport/call-target.js'
import { chooseTransport } from '../../../../../src/connectors/aws/transport/choose-transport.js'
import { encodeRow } from '../../../../../src/connectors/dynamodb/row.js'
import { SdkBatchWriter } from '../../../../../src/connectors/dynamodb/sdk-batch-writer.js'
import { SignedBatchWriter } from '../../../../../src/connectors/dynamodb/signed-batch-writer.js'
import { encodeEntry } from '../../../../../src/connectors/sqs/entry.js'
import { SdkBatchSender } from '../../../../../src/connectors/sqs/sdk-batch-sender.js'
import { SignedBatchSender } from '../../../../../src/connectors/sqs/signed-batch-sender.js'
import { answer, startRawServer } from './raw-server.js'

const TIMEOUTS = { connectTimeoutMs: 500, requestTimeoutMs: 1_000 }
const LIMITS = { ...TIMEOUTS, callTimeoutMs: 2_000, connections: 1 }
const { signal } = new AbortController()

/** The AWS SDK reads these, and files that no test may depend on. */
const NOTHING_ELSE = { AWS_SHARED_CREDENTIALS_FILE: '/nonexistent', AWS_CONFIG_FILE: '/nonexistent', AWS_EC2_METADATA_DISABLED: 'true' }
const KEYS = { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'secret' }

function setEnvironment (variables: Readonly<Record<string, string>>): void {
  for (const name of Object.keys(process.env)) {
    if (name.startsWith('AWS_')) delete process.env[name]
  }
  Object.assign(process.env, NOTHING_ELSE, variables)
}

async function targetsOf (variables: Readonly<Record<string, string>>, options: Partial<AwsClientOptions> = {}) {
  setEnvironment({ ...KEYS, ...variables })
  const dynamodb = createDynamoDBClient({ ...TIMEOUTS, maxSockets: 1, ...options })
  const sqs = createSqsClient({ ...TIMEOUTS, maxSockets: 1, ...options })
  const table = await askTarget(async middleware => {
    const command = new BatchWriteItemCommand({ RequestItems: {} })
    command.middlewareStack.add(middleware, { step: 'finalizeRequest', priority: 'low' })
    await dynamodb.send(command)
  })
  const queues = await askTarget(async middleware => {
    const command = new SendMessageBatchCommand({ QueueUrl: 'https://elsewhere/0/a.fifo', Entries: [] })
    command.middlewareStack.add(middleware, { step: 'finalizeRequest', priority: 'low' })
    await sqs.send(command)
  })
  return { table, queues }
}

t.test('calls go where the SDK would send them', async t => {
  const cases: ReadonlyArray<readonly [Record<string, string>, string, string, string]> = [
    [{ AWS_REGION: 'eu-west-1' }, 'https://dynamodb.eu-west-1.amazonaws.com', 'https://sqs.eu-west-1.amazonaws.com', 'eu-west-1'],
    [{ AWS_REGION: 'cn-north-1' }, 'https://dynamodb.cn-north-1.amazonaws.com.cn', 'https://sqs.cn-north-1.amazonaws.com.cn', 'cn-north-1'],
    [{ AWS_REGION: 'us-gov-west-1' }, 'https://dynamodb.us-gov-west-1.amazonaws.com', 'https://sqs.us-gov-west-1.amazonaws.com', 'us-gov-west-1'],
    [{ AWS_REGION: 'eu-west-1', AWS_ACCOUNT_ID: '123456789012' }, 'https://123456789012.ddb.eu-west-1.amazonaws.com', 'https://sqs.eu-west-1.amazonaws.com', 'eu-west-1'],
    [{ AWS_REGION: 'eu-west-1', AWS_ACCOUNT_ID: '123456789012', AWS_ACCOUNT_ID_ENDPOINT_MODE: 'disabled' }, 'https://dynamodb.eu-west-1.amazonaws.com', 'https://sqs.eu-west-1.amazonaws.com', 'eu-west-1'],
    [{ AWS_REGION: 'eu-west-1', AWS_ENDPOINT_URL: 'http://127.0.0.1:4566' }, 'http://127.0.0.1:4566', 'http://127.0.0.1:4566', 'eu-west-1'],
    [{ AWS_REGION: 'eu-west-1', AWS_ENDPOINT_URL: 'https://all.example', AWS_ENDPOINT_URL_SQS: 'https://sqs.example:8443' }, 'https://all.example', 'https://sqs.example:8443', 'eu-west-1']
  ]
  for (const [variables, table, queues, region] of cases) {
    const targets = await targetsOf(variables)
    t.match(targets.table, { origin: table, path: '/', region, service: 'dynamodb', identity: { accessKeyId: 'AKIDEXAMPLE' } }, JSON.stringify(variables))
    t.match(targets.queues, { origin: queues, path: '/', region, service: 'sqs' }, JSON.stringify(variables))
  }
})

t.test('without a region or credentials the SDK\'s own error says so', async t => {
  await t.rejects(targetsOf({}), /Region is missing/)
  await t.rejects(targetsOf({ AWS_REGION: 'eu-west-1', AWS_ACCESS_KEY_ID: '' }), { name: 'CredentialsProviderError' })
})

t.test('what signed calls do not serve is left to the SDK, with a reason', async t => {
  const chosen = async (variables: Readonly<Record<string, string>>, asked: 'sdk' | 'signed' = 'signed') => {
    setEnvironment({ ...KEYS, AWS_REGION: 'eu-west-1', ...variables })
    return await chooseTransport(asked, createDynamoDBClient({ ...TIMEOUTS, maxSockets: 1 }).config)
  }
  t.strictSame(await chosen({}), { transport: 'signed' })
  t.strictSame(await chosen({}, 'sdk'), { transport: 'sdk' })
  t.match(await chosen({ AWS_USE_FIPS_ENDPOINT: 'true' }), { transport: 'sdk', reason: /FIPS/ })
  t.match(await chosen({ AWS_USE_DUALSTACK_ENDPOINT: 'true' }), { transport: 'sdk', reason: /dual-stack/ })
  setEnvironment({ ...KEYS, AWS_REGION: 'eu-west-1' })
  const { config } = createDynamoDBClient({ ...TIMEOUTS, maxSockets: 1 })
  t.match(await chooseTransport('signed', { ...config, disableClockSkewCorrection: async () => true }), { transport: 'sdk', reason: /clock/ })
  t.match(await chooseTransport('signed', { ...config, httpAuthSchemes: [{ schemeId: 'aws.auth#sigv4a' }] }), { transport: 'sdk', reason: /sigv4a/ })
  t.match(await chooseTransport('signed', { ...config, useFipsEndpoint: async () => { throw new Error('no') } }), { transport: 'sdk', reason: /can not be read/ })
})

t.test('what arrives is what the SDK sends, but for headers that speak of the SDK itself', async t => {
  const server = await startRawServer(t)
  server.answerWith(answer(200, '{}'))
  for (const path of ['', '/', '/base', '/a b/ü/']) {
    setEnvironment({ ...KEYS, AWS_SESSION_TOKEN: 'token', AWS_REGION: 'eu-west-1' })
    const options = { ...TIMEOUTS, maxSockets: 1, endpoint: `${server.url}${path}`, version: '1.2.3' }
    const [dynamodb, sqs] = [createDynamoDBClient(options), createSqsClient(options)]
    const [writer, sender] = [new SignedBatchWriter(dynamodb, LIMITS), new SignedBatchSender(sqs, LIMITS)]
    const rows = [encodeRow('é', { UUID: { S: 'é' } })]
    const entries = [encodeEntry({ body: 'é', groupId: 'g', deduplicationId: 'd' })]
    server.requests.splice(0)
    await new SdkBatchWriter(dynamodb, 1_000).write('events', rows, signal)
    await new SdkBatchSender(sqs, 1_000).send('http://sqs/0/a.fifo', entries, signal)
    await writer.write('events', rows, signal)
    await sender.send('http://sqs/0/a.fifo', entries, signal)
    const [sdkWrite, sdkSend, signedWrite, signedSend] = server.requests.map(told)
    t.strictSame(signedWrite, sdkWrite, `a write to ${path}`)
    t.strictSame(signedSend, sdkSend, `a send to ${path}`)
    t.match(signedWrite, { 'x-amz-security-token': 'token', 'user-agent': /penstock\/1.2.3/ })
    for (const end of [writer, sender, dynamodb, sqs]) end.destroy()
  }
})

/** Members of a request that must be equal. Signatures differ in what is signed; that they are right is for other tests. */
function told (request: string): Record<string, unknown> {
  const [head = '', body = ''] = request.split('\r\n\r\n')
  const [line, ...headers] = head.split('\r\n')
  const ofTheSdk = /^(amz-sdk-.*|x-amz-user-agent|x-amz-content-sha256|x-amz-date|authorization|content-length)$/
  const kept = headers.map(header => header.split(': ')).filter(([name = '']) => !ofTheSdk.test(name.toLowerCase()))
  return { line, ...Object.fromEntries(kept.map(([name = '', value]) => [name.toLowerCase(), value])), body: JSON.parse(Buffer.from(body, 'latin1').toString()) as unknown }
}
