import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { RegistryClient, type RegistryOptions } from '../../../../src/connectors/schema-registry/registry-client.js'
import { type RegistryError } from '../../../../src/connectors/schema-registry/registry-error.js'
import { notFound, type RegistryAnswer, type RegistryCall, startFaultyRegistry } from '../../../helpers/registry.js'
import { V1 } from '../../../fixtures/avro.js'

async function connect (t: Test, answerTo: (call: RegistryCall) => RegistryAnswer, options: Partial<RegistryOptions> = {}) {
  const registry = await startFaultyRegistry(answerTo)
  const client = new RegistryClient({ url: registry.url, timeoutMs: 2_000, ...options, ...(options.url === undefined ? {} : { url: registry.url + options.url }) })
  t.teardown(async () => {
    await client.close()
    await registry.close()
  })
  return { client, registry }
}

const answer = (body: unknown, status = 200): RegistryAnswer => ({ status, body })

t.test('each question is asked as the protocol has it, under the path of the URL', async t => {
  const { client, registry } = await connect(t, ({ path }) => answer(path.includes('compatibility') ? { is_compatible: true } : { id: 5, schema: V1, subject: 's', version: 1 }), { url: '/apis/ccompat/v7/' })
  t.equal(await client.schemaOf(5), V1)
  t.equal(await client.register('a/b-value', V1), 5)
  t.equal(await client.find('s', V1), 5)
  t.match(await client.latest('s'), { id: 5, schema: V1 })
  t.equal(await client.isCompatible('s', V1), true)
  t.strictSame(registry.calls.map(({ method, path, body }) => [method, path, body]), [
    ['GET', '/apis/ccompat/v7/schemas/ids/5', undefined],
    ['POST', '/apis/ccompat/v7/subjects/a%2Fb-value/versions', { schema: V1 }],
    ['POST', '/apis/ccompat/v7/subjects/s', { schema: V1 }],
    ['GET', '/apis/ccompat/v7/subjects/s/versions/latest', undefined],
    ['POST', '/apis/ccompat/v7/compatibility/subjects/s/versions/latest', { schema: V1 }]
  ])
})

t.test('credentials are sent as a user name with a password, or as a token', async t => {
  const authorization = async (options: Partial<RegistryOptions>): Promise<string | undefined> => {
    const { client, registry } = await connect(t, () => answer({ schema: V1 }), options)
    await client.schemaOf(1)
    return registry.calls[0]?.authorization
  }
  t.equal(await authorization({}), undefined)
  t.equal(await authorization({ username: 'me', password: 'grüße' }), `Basic ${Buffer.from('me:grüße').toString('base64')}`)
  t.equal(await authorization({ token: 'abc' }), 'Bearer abc')
})

t.test('a schema that is no Avro, or does not stand alone, is none of ours', async t => {
  const answers: Array<Record<string, unknown>> = [
    { schema: V1 }, { schema: V1, schemaType: 'AVRO', references: [] }, { schema: '{}', schemaType: 'JSON' }, { schema: V1, references: [{ name: 'a', subject: 'b', version: 1 }] }
  ]
  const { client } = await connect(t, ({ path }) => answer(answers[Number(path.split('/').at(-1))]))
  t.strictSame(await Promise.all(answers.map((_, id) => client.schemaOf(id))), [V1, V1, undefined, undefined])
})

const FAILURES: ReadonlyArray<readonly [what: string, answer: RegistryAnswer, failure: RegistryError['failure'], code: string]> = [
  ['an id that is not there', notFound(), 'not-found', 'NOT_FOUND'],
  ['a subject that is not there', notFound(40401), 'not-found', 'NOT_FOUND'],
  ['a path that is not there', answer({ error_code: 404, message: 'HTTP 404 Not Found' }, 404), 'away', 'MISCONFIGURED'],
  ['the 404 of a proxy', answer('<html>not found</html>', 404), 'away', 'MISCONFIGURED'],
  ['no credentials', answer({ error_code: 401, message: 'Unauthorized' }, 401), 'credentials', 'CREDENTIALS'],
  ['credentials without the right', answer({ error_code: 40301, message: 'denied' }, 403), 'credentials', 'ACCESS_DENIED'],
  ['an incompatible schema', answer({ error_code: 409, message: 'incompatible' }, 409), 'incompatible', 'MISCONFIGURED'],
  ['an invalid schema', answer({ error_code: 42201, message: 'invalid' }, 422), 'incompatible', 'MISCONFIGURED'],
  ['throttling', answer('slow down', 429), 'away', 'THROTTLED'],
  ['a failure of the registry', answer({ error_code: 50001, message: 'backend store' }, 500), 'away', 'UNAVAILABLE'],
  ['a gateway without a registry', answer('bad gateway', 502), 'away', 'UNAVAILABLE'],
  ['a redirect', answer('', 302), 'away', 'MISCONFIGURED'],
  ['an answer that is no JSON', answer('<html>welcome</html>'), 'away', 'MISCONFIGURED'],
  ['an answer without a schema', answer({ id: 4 }), 'away', 'MISCONFIGURED'],
  ['an answer with text for a schema', answer({ schema: 'welcome' }), 'away', 'MISCONFIGURED'],
  ['an answer that never comes', 'silence', 'away', 'UNAVAILABLE'],
  ['an answer without an end', answer('x'.repeat(5_000_000)), 'away', 'UNAVAILABLE'],
  ['a connection that breaks', 'reset', 'away', 'UNAVAILABLE']
]

t.test('a failure says what kind it is: of the schema, of the credentials, or of the registry', async t => {
  for (const [what, answer, failure, code] of FAILURES) {
    const { client } = await connect(t, () => answer, { timeoutMs: 300, password: 'hunter2', username: 'me' })
    const error = await client.schemaOf(4).catch((error: unknown) => error) as RegistryError
    t.match(error, { name: 'RegistryError', failure, code }, what)
    t.notMatch(error.message, 'hunter2')
  }
})

t.test('over TLS its certificate has to be one of an authority that is trusted', async t => {
  const file = (name: string): string => fileURLToPath(new URL(`../../../../../test/fixtures/${name}`, import.meta.url))
  const registry = await startFaultyRegistry(() => answer({ schema: V1 }), { key: readFileSync(file('tls-key.pem'), 'utf8'), cert: readFileSync(file('tls-certificate.pem'), 'utf8') })
  const trusting = new RegistryClient({ url: registry.url, timeoutMs: 2_000, caLocation: file('tls-certificate.pem') })
  const other = new RegistryClient({ url: registry.url, timeoutMs: 2_000 })
  t.teardown(async () => await Promise.all([trusting.close(), other.close(), registry.close()]))
  t.equal(await trusting.schemaOf(1), V1)
  await t.rejects(other.schemaOf(1), { failure: 'away', code: 'UNAVAILABLE', message: /certificate/ })
  t.throws(() => new RegistryClient({ url: registry.url, timeoutMs: 2_000, caLocation: '/nowhere/ca.pem' }), /nowhere/)
})

t.test('a registry that does not listen is away', async t => {
  const registry = await startFaultyRegistry(() => 'silence')
  await registry.close()
  const client = new RegistryClient({ url: registry.url, timeoutMs: 1_000 })
  t.teardown(() => client.close())
  await t.rejects(client.schemaOf(1), { failure: 'away', code: 'UNAVAILABLE' })
})

t.test('a call that is given up ends', async t => {
  const { client } = await connect(t, () => 'silence', { timeoutMs: 60_000 })
  const signal = AbortSignal.timeout(20)
  await t.rejects(client.register('s', V1, signal), { name: 'RegistryError', message: /does not answer/ })
})
