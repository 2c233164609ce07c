import { readdirSync } from 'node:fs'
import t from 'tap'
import { runDeliveryDemo, type DeliveryDemoHooks } from '../../src/cli/demo/run-delivery-demo.js'
import { createTestFolder } from '../helpers/stack.js'

const EVENTS = 40

t.test('the delivery demo proves every request to each of its destinations, and leaves nothing behind', async t => {
  const { code, output, left } = await run(t)
  t.equal(code, 0, output)
  t.match(output, new RegExp(`accepted with 202 +${EVENTS}, in the topic ${EVENTS}\\n`))
  for (const name of ['snowflake', 'postgres', 'azureDataLake']) {
    t.match(output, new RegExp(`✓ +${name} +0 delivered, ${EVENTS} not, ${EVENTS} dead letters, ${EVENTS * 4} requests`), name)
  }
  t.match(output, new RegExp(`✓ +bigquery +${EVENTS} delivered, 0 not, 0 dead letters, ${EVENTS} requests`))
  t.match(output, new RegExp(`✓ +redshift +${EVENTS} delivered, 0 not, 0 dead letters, ${EVENTS * 2} requests`))
  t.match(output, /Everything agrees/)
  t.same(left, [])
})

t.test('a request that never came makes it end with 1 and is named', async t => {
  let missing = ''
  const { code, output } = await run(t, {
    beforeProof: async (_place, destinations) => {
      missing = destinations.find(({ behaviour }) => behaviour.name === 'bigquery')?.requests.pop()?.id ?? ''
    }
  })
  t.equal(code, 1)
  t.match(output, new RegExp(`✗ +bigquery +${EVENTS - 1} delivered`))
  t.match(output, new RegExp(`bigquery: ${missing} after 0 requests`))
})

async function run (t: Parameters<typeof createTestFolder>[0], hooks: DeliveryDemoHooks = {}) {
  const dir = createTestFolder(t)
  let output = ''
  const code = await runDeliveryDemo({ events: EVENTS, seed: 1, keep: false, ports: 'free', dir }, { ...hooks, write: text => { output += text } })
  return { code, output, left: readdirSync(dir) }
}
