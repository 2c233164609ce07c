import t from 'tap'
import { type CallTarget } from '../../../../../src/connectors/aws/transport/call-target.js'
import { TargetKeeper } from '../../../../../src/connectors/aws/transport/target-keeper.js'

const MINUTE_MS = 60_000

/** A keeper in a time of its own, and whoever it asks: answers come when told to. */
function keeperAt () {
  let now = 0
  let jumpedMs = 0
  const answers: Array<{ give: (expiresAt?: number) => Promise<void>, fail: (error: Error) => Promise<void> }> = []
  let renewals = 0
  const keeper = new TargetKeeper({
    ask: () => new Promise((resolve, reject) => {
      const settled = async () => { await new Promise(setImmediate) }
      answers.push({
        give: (expiresAt?: number) => {
          resolve(targetUntil(expiresAt))
          return settled()
        },
        fail: error => {
          reject(error)
          return settled()
        }
      })
    }),
    renewCredentials: async () => { renewals++ },
    now: () => now,
    serviceTime: () => now + jumpedMs
  })
  return { keeper, answers, pass: (ms: number) => { now += ms }, jump: (ms: number) => { jumpedMs += ms }, renewals: () => renewals }
}

function targetUntil (expiresAt?: number): CallTarget {
  return {
    origin: 'http://sink', path: '/', headers: {}, region: 'r', service: 's', identity: { accessKeyId: 'a', secretAccessKey: 'b', expiration: expiresAt === undefined ? undefined : new Date(expiresAt) }
  }
}

t.test('nobody is asked while what is known is young', async t => {
  const { keeper, answers, pass } = keeperAt()
  t.equal(keeper.current(), undefined)
  const fetched = keeper.fetch()
  t.equal(keeper.fetch() instanceof Promise, true)
  await answers[0]?.give()
  const target = await fetched
  pass(4 * MINUTE_MS)
  t.equal(keeper.current(), target)
  t.equal(answers.length, 1, 'two who wait ask once')
})

t.test('what is old is asked for again, while calls go on with it', async t => {
  const { keeper, answers, pass } = keeperAt()
  void keeper.fetch()
  await answers[0]?.give()
  const old = keeper.current()
  pass(5 * MINUTE_MS)
  t.equal(keeper.current(), old)
  t.equal(keeper.current(), old)
  t.equal(answers.length, 2)
  await answers[1]?.give()
  t.not(keeper.current(), old)
  t.ok(keeper.current())
})

t.test('credentials are fetched ahead of their end, and again after a pause when that fails', async t => {
  const { keeper, answers, pass } = keeperAt()
  void keeper.fetch()
  await answers[0]?.give(60 * MINUTE_MS)
  for (let minutes = 5; minutes < 55; minutes += 5) {
    pass(5 * MINUTE_MS)
    t.ok(keeper.current())
    await answers.at(-1)?.give(60 * MINUTE_MS)
  }
  const asked = answers.length
  pass(5 * MINUTE_MS)
  t.ok(keeper.current(), 'within 5 minutes of the end')
  t.equal(answers.length, asked + 1)
  await answers.at(-1)?.fail(new Error('nobody answers'))
  t.ok(keeper.current(), 'they have not ended')
  t.equal(answers.length, asked + 1, 'not at once')
  pass(5_000)
  t.ok(keeper.current())
  t.equal(answers.length, asked + 2)
  await answers.at(-1)?.give(120 * MINUTE_MS)
  t.equal(keeper.current()?.identity.expiration?.getTime(), 120 * MINUTE_MS)
})

t.test('credentials that have ended are never used', async t => {
  const { keeper, answers, pass } = keeperAt()
  void keeper.fetch()
  await answers[0]?.give(MINUTE_MS)
  pass(MINUTE_MS - 1)
  t.ok(keeper.current())
  pass(1)
  t.equal(keeper.current(), undefined)
  const failed = t.rejects(keeper.fetch(), { message: 'nobody answers' })
  await answers.at(-1)?.fail(new Error('nobody answers'))
  await failed
  t.equal(keeper.current(), undefined)
})

t.test('refused credentials are renewed, once, and again after a pause', async t => {
  const { keeper, answers, pass, renewals } = keeperAt()
  const refuse = async () => {
    const target = keeper.current()
    if (target !== undefined) keeper.refused(target)
    t.equal(keeper.current(), undefined)
    const fetched = keeper.fetch()
    await new Promise(setImmediate)
    await answers.at(-1)?.give()
    await fetched
  }
  await refuse()
  t.equal(renewals(), 0, 'the first are not refused ones')
  const first = keeper.current()
  await refuse()
  t.equal(renewals(), 1)
  if (first !== undefined) keeper.refused(first)
  t.ok(keeper.current(), 'those had been replaced already')
  await refuse()
  t.equal(renewals(), 1, 'a provider is not asked at every call')
  pass(5_000)
  await refuse()
  t.equal(renewals(), 2)
})

t.test('a wall clock that is set back delays no question and no renewal', async t => {
  const { keeper, answers, pass, jump, renewals } = keeperAt()
  void keeper.fetch()
  await answers[0]?.give()
  const refuse = async () => {
    const target = keeper.current()
    if (target !== undefined) keeper.refused(target)
    const fetched = keeper.fetch()
    await new Promise(setImmediate)
    await answers.at(-1)?.give()
    await fetched
  }
  await refuse()
  t.equal(renewals(), 1)
  jump(-120 * MINUTE_MS)
  pass(5_000)
  await refuse()
  t.equal(renewals(), 2, 'refused again, they are renewed again')
  pass(5 * MINUTE_MS)
  const asked = answers.length
  t.ok(keeper.current())
  t.equal(answers.length, asked + 1, 'what is old is asked for again')
})
