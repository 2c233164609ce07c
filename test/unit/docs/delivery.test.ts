import { readFile } from 'node:fs/promises'
import t from 'tap'
import { DELIVERY_DESTINATION_SCHEMA } from '../../../src/service/config/delivery-destination-schema.js'

const { properties, required } = DELIVERY_DESTINATION_SCHEMA
const page = await readFile(new URL('../../../../docs/delivery.md', import.meta.url), 'utf8')

t.test('the page names every member of a destination, with its default and what it means', async t => {
  for (const [name, schema] of Object.entries(properties)) {
    const fallback = 'default' in schema ? `\`${typeof schema.default === 'string' ? schema.default : JSON.stringify(schema.default)}\`` : required.some(each => each === name) ? 'required' : '–'
    t.ok(page.includes(`| \`${name}\` | ${fallback} | ${'description' in schema ? schema.description : ''}`), name)
  }
})

t.test('the page names no member that there is not', async t => {
  for (const [, name = ''] of page.matchAll(/^\| `(\w+)` \|/gm)) t.ok(name in properties, name)
})
