import t from 'tap'
import { RegistryError } from '../../../../src/connectors/schema-registry/registry-error.js'
import { RegistryHold } from '../../../../src/pipelines/routing/registry-hold.js'
import { ManualClock } from '../../../helpers/manual-clock.js'

const AWAY = new RegistryError('away', 'UNAVAILABLE', 'down')

function rig () {
  const clock = new ManualClock()
  const said: unknown[] = []
  const hold = new RegistryHold({
    clock,
    quietMs: 1_000,
    incidents: { held: (stage, key, code) => { said.push([stage, key, code]) }, resumed: (stage, key, heldMs) => { said.push([stage, key, heldMs]) } }
  })
  return { clock, said, hold }
}

t.test('a hold is said once when it begins and once when it ends', async t => {
  const { clock, said, hold } = rig()
  hold.answered()
  for (let time = 0; time < 5; time++) {
    hold.failed(AWAY)
    clock.advance(900)
  }
  t.match(hold.problem, /down/)
  hold.answered()
  hold.answered()
  t.equal(hold.problem, undefined)
  t.strictSame(said, [['schema-registry', undefined, 'UNAVAILABLE'], ['schema-registry', undefined, 4_500]])
  clock.advance(10_000)
  t.equal(said.length, 2)
})

t.test('a hold ends when nobody asks any more', async t => {
  const { clock, said, hold } = rig()
  hold.failed(AWAY)
  clock.advance(999)
  t.not(hold.problem, undefined)
  clock.advance(1)
  t.equal(hold.problem, undefined)
  t.equal(said.length, 2)
})

t.test('the reason is that of the first failure, until one of another kind comes', async t => {
  const { hold } = rig()
  hold.failed(AWAY)
  hold.failed(new RegistryError('away', 'UNAVAILABLE', 'another id'))
  t.match(hold.problem, /down/)
  hold.failed(new RegistryError('credentials', 'CREDENTIALS', 'expired'))
  t.match(hold.problem, /expired/)
  hold.close()
})
