import t from 'tap'
import { RegistryError } from '../../../../src/connectors/schema-registry/registry-error.js'
import { SchemaCache, type SchemaCacheOptions } from '../../../../src/connectors/schema-registry/schema-cache.js'
import { ManualClock } from '../../../helpers/manual-clock.js'

const AWAY = new RegistryError('away', 'UNAVAILABLE', 'down')
const UNKNOWN = new RegistryError('not-found', 'NOT_FOUND', '40403')

/** A registry whose answers a test gives, in the order of the questions. */
function rig (options: Partial<SchemaCacheOptions> = {}) {
  const asked: number[] = []
  const answers: Array<(answer: string | undefined | Error) => void> = []
  const clock = new ManualClock()
  const cache = new SchemaCache({
    client: {
      schemaOf: async id => await new Promise((resolve, reject) => {
        asked.push(id)
        answers.push(answer => { if (answer instanceof Error) reject(answer); else resolve(answer) })
      })
    },
    clock,
    unknownTtlMs: 1_000,
    ...options
  })
  const lookUp = async (id: number, answer: string | undefined | Error) => {
    const entry = cache.lookUp(id)
    answers.at(-1)!(answer)
    return await entry
  }
  return { cache, clock, asked, answers, lookUp }
}

t.test('one look-up of an id is in flight, however many ask', async t => {
  const { cache, asked, answers } = rig()
  const all = [cache.lookUp(1), cache.lookUp(1), cache.lookUp(2), cache.lookUp(1)]
  t.strictSame(asked, [1, 2])
  answers[0]!('one')
  answers[1]!('two')
  t.match(await Promise.all(all), [{ text: 'one' }, { text: 'one' }, { text: 'two' }, { text: 'one' }])
  t.ok(cache.has(1))
  t.match(cache.peek(2), { state: 'known', text: 'two' })
})

t.test('an unknown id is not asked for again before its time', async t => {
  const { cache, clock, lookUp } = rig()
  t.match(await lookUp(7, UNKNOWN), { state: 'unknown' })
  t.ok(cache.has(7))
  clock.advance(999)
  t.ok(cache.has(7))
  clock.advance(1)
  t.notOk(cache.has(7))
  t.match(cache.peek(7), { state: 'unknown' }, 'until it is asked for again')
  t.match(await lookUp(7, 'registered since'), { state: 'known' })
  t.match(cache.peek(7), { state: 'known', text: 'registered since' })
})

t.test('a failed look-up leaves nothing behind, and what is known stays', async t => {
  const { cache, asked, lookUp } = rig()
  await lookUp(1, 'one')
  await t.rejects(lookUp(2, AWAY), AWAY)
  t.equal(cache.peek(2), undefined)
  t.notOk(cache.has(2))
  t.ok(cache.has(1))
  t.match(await lookUp(2, 'two'), { text: 'two' })
  t.strictSame(asked, [1, 2, 2])
})

t.test('what is no schema of ours is known to be none', async t => {
  const { cache, lookUp } = rig()
  t.match(await lookUp(3, undefined), { state: 'foreign' })
  t.ok(cache.has(3))
})

t.test('it is bounded, and unknown ids never push out what is known', async t => {
  const { cache, lookUp } = rig({ maxEntries: 10 })
  for (let id = 0; id < 5; id++) await lookUp(id, 'known')
  for (let id = 100; id < 200; id++) await lookUp(id, UNKNOWN)
  t.equal([...Array(5).keys()].filter(id => cache.has(id)).length, 5)
  t.equal([...Array(200).keys()].filter(id => cache.has(id)).length, 15)
  for (let id = 10; id < 30; id++) await lookUp(id, 'known')
  t.equal([...Array(100).keys()].filter(id => cache.has(id)).length, 10)
})
