import t, { type Test } from 'tap'
import { RegistryClient } from '../../../../src/connectors/schema-registry/registry-client.js'
import { systemClock } from '../../../../src/engine/clock.js'
import { findOutputSchemas, type OutputSchemasOptions } from '../../../../src/pipelines/routing/output-schemas.js'
import { RegistryHold } from '../../../../src/pipelines/routing/registry-hold.js'
import { OUTPUT, V1, withFields } from '../../../fixtures/avro.js'
import { notFound, type RegistryAnswer, type RegistryCall, startFaultyRegistry } from '../../../helpers/registry.js'

async function rig (t: Test, answerTo: (call: RegistryCall, calls: number) => RegistryAnswer, options: Partial<OutputSchemasOptions> = {}) {
  let calls = 0
  const registry = await startFaultyRegistry(call => answerTo(call, ++calls))
  const client = new RegistryClient({ url: registry.url, timeoutMs: 1_000 })
  const said: string[] = []
  const hold = new RegistryHold({
    clock: systemClock, quietMs: 60_000, incidents: { held: (_stage, _key, code) => { said.push(code) }, resumed: () => { said.push('resumed') } }
  })
  t.teardown(async () => {
    hold.close()
    await client.close()
    await registry.close()
  })
  const find = async (signal = new AbortController().signal) => await findOutputSchemas({
    client, registration: 'auto', schema: OUTPUT, subjects: ['a-value', 'b-value', 'a-value'], hold, clock: systemClock, backoff: { baseMs: 1, maxMs: 1, random: Math.random }, ...options
  }, signal)
  return { find, said, calls: registry.calls }
}

const ok = (body: unknown): RegistryAnswer => ({ status: 200, body })

t.test('auto registers our schema under each subject once', async t => {
  const { find, calls } = await rig(t, ({ path }) => ok({ id: path.includes('a-value') ? 4 : 5 }))
  const { ids, schemas } = await find()
  t.strictSame(ids, [4, 5, 4])
  t.strictSame([...schemas], [[4, { state: 'known', text: OUTPUT }], [5, { state: 'known', text: OUTPUT }]])
  t.strictSame(calls.map(({ method, path, body }) => [method, path, body]), [
    ['POST', '/subjects/a-value/versions', { schema: OUTPUT }], ['POST', '/subjects/b-value/versions', { schema: OUTPUT }]
  ])
})

t.test('check registers nothing, and waits until somebody else has', async t => {
  const { find, calls, said } = await rig(t, (_, calls) => calls < 4 ? notFound(calls === 1 ? 40401 : 40403) : ok({ id: 9 }), { registration: 'check' })
  t.strictSame((await find()).ids, [9, 9, 9])
  t.notOk(calls.some(({ path }) => path.endsWith('/versions')))
  t.strictSame(said, ['NOT_FOUND', 'resumed'])
})

t.test('off takes the latest version, if our records fit it', async t => {
  const wider = withFields(OUTPUT, { name: 'region', type: 'string', default: 'eu' })
  const { find } = await rig(t, () => ok({ id: 3, schema: wider }), { registration: 'off' })
  t.match([...(await find()).schemas.values()], [{ text: wider }])
  for (const schema of [withFields(OUTPUT, { name: 'region', type: 'string' }), V1, OUTPUT.replace('"long"', '"int"').replace('"name": "payload", "type": "string"', '"name": "payload", "type": "bytes"')]) {
    const { find } = await rig(t, () => ok({ id: 3, schema }), { registration: 'off' })
    await t.rejects(find(), { name: 'AppError', code: 'MISCONFIGURED', message: /a-value/ })
  }
})

t.test('it waits while the registry is away or refuses the credentials, and says so once', async t => {
  const bad: RegistryAnswer[] = ['reset', { status: 500, body: '' }, { status: 401, body: {} }, { status: 404, body: 'no registry' }, { status: 200, body: 'hello' }]
  const { find, said, calls } = await rig(t, (_, calls) => bad[calls - 1] ?? ok({ id: 1 }), { subjects: ['a-value'] })
  t.strictSame((await find()).ids, [1])
  t.equal(calls.length, bad.length + 1)
  t.strictSame(said, ['UNAVAILABLE', 'resumed'])
})

t.test('a schema that a subject refuses is an end, not a wait', async t => {
  const { find } = await rig(t, () => ({ status: 409, body: { error_code: 409, message: 'reader field missing' } }))
  await t.rejects(find(), { name: 'RegistryError', code: 'MISCONFIGURED', message: /reader field missing/ })
})

t.test('a shutdown ends the wait', async t => {
  const stop = new AbortController()
  const { find } = await rig(t, () => {
    stop.abort()
    return { status: 500, body: '' }
  }, { backoff: { baseMs: 3_600_000, maxMs: 3_600_000, random: () => 1 } })
  await t.rejects(find(stop.signal), { name: 'AbortError' })
})
