import t, { type Test } from 'tap'
import { createSelfSigned } from '../../../../bench/counting-endpoint/self-signed.js'
import { outcomeOfFailure } from '../../../../src/connectors/http/classify-answer.js'
import { tryConnection } from '../../../../src/connectors/http/try-connection.js'
import { DestinationServer } from '../../../helpers/destination-server.js'
import { NameServer } from '../../../helpers/name-server.js'
import { until } from '../../../helpers/until.js'

const OPTIONS = { connectTimeoutMs: 2_000, timeoutMs: 5_000, allowedNetworks: ['127.0.0.1'] }

async function serve (t: Test, tls?: { key: string, cert: string }): Promise<DestinationServer> {
  const server = await DestinationServer.start(undefined, tls)
  t.teardown(() => server.close())
  return server
}

async function failureOf (trying: Promise<unknown>): Promise<string> {
  const outcome = outcomeOfFailure(await trying.then(() => { throw new RangeError('it was connected') }, (error: unknown) => error))
  return outcome.class === 'done' ? 'done' : outcome.code
}

t.test('it is connected to as a request would be, and nothing is sent', async t => {
  const server = await serve(t)
  t.strictSame(await tryConnection({ ...OPTIONS, url: server.url }), { address: '127.0.0.1', port: server.port, tls: undefined })
  const names = await NameServer.start(() => ['127.0.0.1'])
  t.teardown(() => { names.close() })
  t.match(await tryConnection({ ...OPTIONS, url: `http://hooks.example:${server.port}/`, nameServers: [names.address] }), { address: '127.0.0.1' })
  await until(() => server.connections === 2)
  t.strictSame(server.received, [])
})

t.test('with TLS the certificate is verified, and told of', async t => {
  const { key, certificate } = createSelfSigned()
  const server = await serve(t, { key, cert: certificate })
  const { tls } = await tryConnection({ ...OPTIONS, url: server.url, ca: certificate })
  t.match(tls?.protocol, /^TLSv1\.[23]$/)
  t.ok(tls!.validTo.getTime() > Date.now())
  t.equal(await failureOf(tryConnection({ ...OPTIONS, url: server.url })), 'TLS_FAILED', 'nobody vouches for it')
  const plain = await serve(t)
  t.equal(await failureOf(tryConnection({ ...OPTIONS, url: `https://127.0.0.1:${plain.port}/` })), 'TLS_FAILED', 'the other side speaks no TLS')
})

t.test('what would stop a request stops it', async t => {
  const server = await serve(t)
  for (const host of ['127.0.0.1', 'localhost', '[::1]', '2130706433']) {
    t.equal(await failureOf(tryConnection({ ...OPTIONS, allowedNetworks: [], url: `http://${host}:${server.port}/` })), 'FORBIDDEN_ADDRESS', host)
  }
  const names = await NameServer.start(() => 'unknown')
  t.teardown(() => { names.close() })
  t.equal(await failureOf(tryConnection({ ...OPTIONS, url: 'http://nowhere.example/', nameServers: [names.address] })), 'NOT_FOUND')
  t.equal(server.connections, 0)
  const gone = await DestinationServer.start()
  const { url } = gone
  await gone.close()
  t.equal(await failureOf(tryConnection({ ...OPTIONS, url })), 'CONNECTION', 'nobody listens')
})
