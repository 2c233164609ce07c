import t from 'tap'
import { RegistryClient } from '../../src/connectors/schema-registry/registry-client.js'
import { SchemaCache } from '../../src/connectors/schema-registry/schema-cache.js'
import { systemClock } from '../../src/engine/clock.js'
import { findOutputSchemas, type SchemaRegistration } from '../../src/pipelines/routing/output-schemas.js'
import { RegistryHold } from '../../src/pipelines/routing/registry-hold.js'
import { OUTPUT, V1, V2, withFields } from '../fixtures/avro.js'
import { eventually } from '../helpers/eventually.js'
import { startTestStack } from '../helpers/stack.js'

const { registry } = await startTestStack(t, { servers: ['registry'] })
const client = new RegistryClient({ url: registry.url, timeoutMs: 10_000 })
t.teardown(() => client.close())

/** The same record without a field that readers want. */
const INCOMPATIBLE = withFields(JSON.stringify({ ...JSON.parse(V1) as object, fields: [] }), { name: 'other', type: 'string' })

t.test('a schema is registered once, found by its id and by its text, and its next version is judged', async t => {
  await t.rejects(client.find('input-value', V1), { failure: 'not-found', code: 'NOT_FOUND' }, 'no subject')
  await t.rejects(client.latest('input-value'), { failure: 'not-found', code: 'NOT_FOUND' })
  const id = await client.register('input-value', V1)
  t.equal(await client.register('input-value', V1), id)
  t.equal(await client.find('input-value', V1), id)
  t.strictSame(JSON.parse(await client.schemaOf(id) ?? ''), JSON.parse(V1))
  await t.rejects(client.find('input-value', V2), { failure: 'not-found', code: 'NOT_FOUND' }, 'no such version')
  t.equal(await client.isCompatible('input-value', V2), true)
  t.equal(await client.isCompatible('input-value', INCOMPATIBLE), false)
  const next = await client.register('input-value', V2)
  t.not(next, id)
  t.match(await client.latest('input-value'), { id: next })
  await t.rejects(client.register('input-value', INCOMPATIBLE), { failure: 'incompatible', code: 'MISCONFIGURED' })
  await t.rejects(client.register('input-value', '{"type": "recod"}'), { failure: 'incompatible', code: 'MISCONFIGURED' })
  await t.rejects(client.schemaOf(1_000_000), { failure: 'not-found', code: 'NOT_FOUND' })
  await t.rejects(client.schemaOf(2 ** 31 - 1), { failure: 'not-found', code: 'NOT_FOUND' }, 'the highest id')
})

t.test('under another path nothing is said of any schema', async t => {
  const lost = new RegistryClient({ url: `${registry.url}/nothing/here`, timeoutMs: 10_000 })
  t.teardown(() => lost.close())
  await t.rejects(lost.schemaOf(1), { failure: 'away', code: 'MISCONFIGURED' })
})

t.test('the schemas of outputs are registered, checked for, or taken as they are', async t => {
  const hold = new RegistryHold({ clock: systemClock, quietMs: 60_000, incidents: { held: () => {}, resumed: () => {} } })
  t.teardown(() => { hold.close() })
  const find = async (registration: SchemaRegistration, subject: string, signal = new AbortController().signal) => await findOutputSchemas({
    client, registration, schema: OUTPUT, subjects: [subject], hold, clock: systemClock, backoff: { baseMs: 20, maxMs: 50, random: () => 1 }
  }, signal)
  const checked = find('check', 'output-value')
  await eventually('it waits for the subject', () => hold.problem !== undefined)
  const { ids } = await find('auto', 'output-value')
  t.strictSame((await checked).ids, ids)
  t.strictSame((await find('off', 'output-value')).ids, ids)

  const wider = withFields(OUTPUT, { name: 'region', type: 'string', default: 'eu' })
  const newer = await client.register('output-value', wider)
  t.strictSame((await find('off', 'output-value')).ids, [newer])
  await client.register('foreign-value', V1)
  await t.rejects(find('off', 'foreign-value'), { code: 'MISCONFIGURED' })
  await t.rejects(find('auto', 'foreign-value'), { failure: 'incompatible', code: 'MISCONFIGURED' })
})

t.test('what is known is known while the registry is down, and what is not is asked for when it is back', async t => {
  const [known, later] = [await client.register('cached-value', V1), await client.register('cached-value', V2)]
  const cache = new SchemaCache({ client, clock: systemClock, unknownTtlMs: 60_000 })
  t.match(await cache.lookUp(known), { state: 'known' })
  await registry.kill()
  await t.rejects(cache.lookUp(later), { failure: 'away', code: 'UNAVAILABLE' })
  t.ok(cache.has(known))
  t.notOk(cache.has(later))
  await registry.start()
  t.match(await cache.lookUp(later), { state: 'known' })
})
