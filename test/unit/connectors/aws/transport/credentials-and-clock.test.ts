import { DynamoDBClient, type DynamoDBClientConfig, ListTablesCommand } from '@aws-sdk/client-dynamodb'
import t from 'tap'
import { classifyError } from '../../../../../src/connectors/aws/classify-error.js'
import { encodeRow } from '../../../../../src/connectors/dynamodb/row.js'
import { SignedBatchWriter } from '../../../../../src/connectors/dynamodb/signed-batch-writer.js'
import { type TestScope } from '../../../../helpers/stack.js'
import { until } from '../../../../helpers/until.js'
import { VerifyingServer } from './verifying-server.js'

const LIMITS = { connections: 4, connectTimeoutMs: 1_000, requestTimeoutMs: 2_000, callTimeoutMs: 3_000 }
const HOUR_MS = 3_600_000
const { signal } = new AbortController()

type Credentials = NonNullable<DynamoDBClientConfig['credentials']>

async function writerWith (t: TestScope, credentials: (server: VerifyingServer) => Credentials) {
  const server = await VerifyingServer.start(t)
  const client = new DynamoDBClient({ region: 'eu-west-1', endpoint: server.url, maxAttempts: 1, credentials: credentials(server) })
  const writer = new SignedBatchWriter(client, LIMITS)
  t.teardown(() => {
    writer.destroy()
    client.destroy()
  })
  const write = async () => await writer.write('events', [encodeRow('é', { UUID: { S: 'é' } })], signal).then(() => 'done', (error: unknown) => classifyError(error).code)
  return { server, client, write }
}

/** Gives out a new key each time it is asked, good for this long, as a service that issues temporary credentials. */
function issuer (server: VerifyingServer, lifetimeMs: number) {
  let issued = 0
  return async () => {
    const accessKeyId = `KEY${++issued}`
    const expiration = new Date(Date.now() + lifetimeMs)
    const key = { secret: `secret of ${accessKeyId}`, token: `token of ${accessKeyId}` }
    server.keys.set(accessKeyId, { ...key, expiresAt: expiration.getTime() + 200 })
    return { accessKeyId, secretAccessKey: key.secret, sessionToken: key.token, expiration }
  }
}

t.test('a call is signed so that a service takes it, a session token among the rest', async t => {
  const { server, write } = await writerWith(t, server => issuer(server, HOUR_MS))
  t.equal(await write(), 'done')
  t.strictSame(server.taken, ['KEY1'])
})

t.test('credentials that change in mid-run fail no call', async t => {
  const { server, write } = await writerWith(t, server => issuer(server, 400))
  const outcomes = new Set<string>()
  const lane = async () => {
    while (new Set(server.taken).size < 4) outcomes.add(await write())
  }
  await Promise.all([lane(), lane(), lane()])
  t.strictSame([...outcomes], ['done'])
  t.strictSame(server.refused, [])
})

t.test('refused credentials are fetched anew for the next call, once for all that were refused', async t => {
  const { server, write } = await writerWith(t, server => issuer(server, HOUR_MS))
  t.equal(await write(), 'done')
  server.keys.delete('KEY1')
  t.strictSame(await Promise.all([write(), write(), write()]), ['CREDENTIALS', 'CREDENTIALS', 'CREDENTIALS'])
  t.strictSame(await Promise.all([write(), write()]), ['done', 'done'])
  t.strictSame(server.taken, ['KEY1', 'KEY2', 'KEY2'])
})

t.test('a call that was given up while it waited for credentials never leaves', async t => {
  const server = await VerifyingServer.start(t)
  const issue = issuer(server, HOUR_MS)
  let provide = () => {}
  const provided = new Promise<void>(resolve => { provide = resolve })
  const client = new DynamoDBClient({ region: 'eu-west-1', endpoint: server.url, maxAttempts: 1, credentials: async () => { await provided; return await issue() } })
  const writer = new SignedBatchWriter(client, { ...LIMITS, requestTimeoutMs: 250, callTimeoutMs: 300 })
  t.teardown(() => {
    writer.destroy()
    client.destroy()
  })
  const controller = new AbortController()
  const write = async (signal: AbortSignal) => await writer.write('events', [encodeRow('a', { UUID: { S: 'a' } })], signal).then(() => 'done', (error: unknown) => classifyError(error).code)
  const [late, givenUp] = [write(signal), write(controller.signal)]
  controller.abort()
  t.strictSame(await Promise.all([late, givenUp]), ['TIMEOUT', 'ABORTED'])
  provide()
  await until(async () => await write(signal) === 'done')
  t.equal(server.taken.length, 1, 'only the call that nobody gave up')
})

t.test('calls go on when there are credentials again', async t => {
  let there = false
  const { write } = await writerWith(t, server => {
    const issue = issuer(server, HOUR_MS)
    return async () => {
      if (there) return await issue()
      throw Object.assign(new Error('nobody answers'), { name: 'CredentialsProviderError' })
    }
  })
  t.equal(await write(), 'CREDENTIALS')
  there = true
  t.equal(await write(), 'done')
})

t.test('a provider of credentials that hangs does not keep a call beyond its deadline', async t => {
  const { write } = await writerWith(t, () => async () => await new Promise<never>(() => {}))
  t.equal(await write(), 'TIMEOUT')
})

for (const clockAheadMs of [HOUR_MS, -HOUR_MS]) {
  t.test(`a clock that is an hour ${clockAheadMs > 0 ? 'behind' : 'ahead'} is put right by the first refusal, for the SDK too`, async t => {
    const { server, client, write } = await writerWith(t, server => issuer(server, 3 * HOUR_MS))
    server.clockAheadMs = clockAheadMs
    t.equal(await write(), 'CREDENTIALS')
    t.strictSame(server.refused, ['RequestTimeTooSkewed'])
    t.equal(await write(), 'done')
    await t.resolves(client.send(new ListTablesCommand({})))
  })
}

t.test('a clock that goes wrong slowly is put right by each answer', async t => {
  const { server, write } = await writerWith(t, server => issuer(server, 3 * HOUR_MS))
  for (let minutes = 0; minutes <= 60; minutes += 4) {
    server.clockAheadMs = minutes * 60_000
    t.equal(await write(), 'done', `${minutes} minutes`)
  }
})

t.test('what the SDK has learned of the clock, calls know', async t => {
  const { server, client, write } = await writerWith(t, server => issuer(server, 3 * HOUR_MS))
  server.clockAheadMs = HOUR_MS
  await t.rejects(client.send(new ListTablesCommand({})))
  t.equal(await write(), 'done')
})
