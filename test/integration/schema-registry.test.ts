import t from 'tap'
import { startTestStack } from '../helpers/stack.js'

const SUBJECT = 'greetings-value'
const FIRST = { type: 'record', name: 'Greeting', fields: [{ name: 'text', type: 'string' }] }
const LATER = { ...FIRST, fields: [...FIRST.fields, { name: 'language', type: 'string', default: 'en' }] }
const BREAKING = { ...FIRST, fields: [...FIRST.fields, { name: 'mood', type: 'string' }] }

t.test('the schema registry keeps schemas over a SIGKILL and refuses a version that readers could not follow', async t => {
  const { registry } = await startTestStack(t, { servers: ['registry'] })
  const { url } = registry
  const { id } = await register(url, FIRST) as { id: number }
  t.same(await register(url, FIRST), { id }, 'the same schema again has the same id')
  await registry.kill()
  await registry.start()
  t.equal(registry.url, url, 'it is where it was')
  t.match(await (await fetch(`${url}/schemas/ids/${id}`)).json(), { schema: JSON.stringify(FIRST) })
  t.type((await register(url, LATER) as { id: number }).id, 'number')
  t.match(await register(url, BREAKING), { error_code: 409 })
})

async function register (url: string, schema: object): Promise<unknown> {
  const response = await fetch(`${url}/subjects/${SUBJECT}/versions`, {
    method: 'POST',
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    body: JSON.stringify({ schema: JSON.stringify(schema) })
  })
  return await response.json()
}
