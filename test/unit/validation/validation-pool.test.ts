import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { systemClock } from '../../../src/engine/clock.js'
import { type Verdict } from '../../../src/engine/examiner.js'
import { type AppError } from '../../../src/errors.js'
import { verdictsOf as verdictsOfAnswer } from '../../../src/validation/serve-chunk.js'
import { ValidationPool, type ValidationPoolOptions } from '../../../src/validation/validation-pool.js'
import { checkSize } from '../../../src/validation/precheck.js'
import { recordOf } from '../../fixtures/events.js'

const WORKER = new URL('../../fixtures/misbehaving-worker.js', import.meta.url)

function createPool (t: Test, options: Partial<ValidationPoolOptions<string>> = {}): ValidationPool<string> {
  const pool = new ValidationPool<string>({
    worker: WORKER,
    workerData: {},
    threads: 1,
    timeoutMs: 200,
    retryTimeoutMs: 400,
    maxHeapMb: 48,
    clock: systemClock,
    admit: value => checkSize(value, 1_000),
    contextOf: () => undefined,
    unpack: answer => verdictsOfAnswer(answer, answer.valid as string[]),
    ...options
  })
  t.teardown(() => pool.close())
  return pool
}

/** What a pool says of these values, in short. */
async function verdictsOf (pool: ValidationPool<string>, values: ReadonlyArray<string | null>): Promise<string[]> {
  const verdicts = await pool.examine(values.map((value, index) => recordOf(value, index)))
  return verdicts.map((verdict: Verdict<string>) => verdict.class === 'valid' ? verdict.payload : verdict.code)
}

/** For what must not be taken for a hang on a slow machine. */
const PATIENT = { timeoutMs: 10_000, retryTimeoutMs: 10_000 }

const INNOCENT = Array.from({ length: 9 }, (_, index) => `innocent ${index}`)

t.test('verdicts come in the order of the chunk', async t => {
  const pool = createPool(t)
  t.same(await verdictsOf(pool, ['a', 'refuse', null, 'b', 'x'.repeat(1_001), 'refuse', 'c']), ['a', 'NOT_JSON', 'EMPTY_VALUE', 'b', 'TOO_LARGE', 'NOT_JSON', 'c'])
  t.same(await verdictsOf(pool, []), [])
  t.same(await verdictsOf(pool, [null]), ['EMPTY_VALUE'])
  t.equal(pool.problem, undefined)
})

for (const [misdeed, code] of Object.entries({
  hang: 'VALIDATION_TIMEOUT',
  'catastrophic pattern': 'VALIDATION_TIMEOUT',
  exit: 'VALIDATION_CRASH',
  'throw nothing': 'VALIDATION_CRASH',
  'throw an object': 'VALIDATION_CRASH',
  'out of memory': 'VALIDATION_CRASH'
})) {
  t.test(`${misdeed}: the record is convicted and its neighbours are not`, async t => {
    const pool = createPool(t, code === 'VALIDATION_CRASH' ? PATIENT : {})
    for (const place of [0, 4, 9]) {
      const values = INNOCENT.toSpliced(place, 0, misdeed)
      t.same(await verdictsOf(pool, values), INNOCENT.toSpliced(place, 0, code), `at ${place}`)
    }
    t.equal(pool.problem, undefined, 'the pool is well afterwards')
  })
}

t.test('a record that took too long among its neighbours is heard again alone, and may be innocent', async t => {
  const pool = createPool(t, { retryTimeoutMs: 10_000 })
  const slow = `hang once ${join(t.testdir(), 'met')}`
  t.same(await verdictsOf(pool, INNOCENT.toSpliced(4, 0, slow)), INNOCENT.toSpliced(4, 0, slow))
})

t.test('a throw after the answer convicts no neighbour, and the pool goes on', async t => {
  const pool = createPool(t, PATIENT)
  for (let round = 0; round < 5; round++) {
    const [late, ...others] = await verdictsOf(pool, ['throw late', ...INNOCENT])
    t.match(late, /^(throw late|VALIDATION_CRASH)$/)
    t.same(others, INNOCENT)
    t.same(await verdictsOf(pool, INNOCENT), INNOCENT)
  }
})

t.test('two guilty records in one chunk are both found', async t => {
  const pool = createPool(t)
  t.same(await verdictsOf(pool, ['a', 'exit', 'b', 'hang', 'c']), ['a', 'VALIDATION_CRASH', 'b', 'VALIDATION_TIMEOUT', 'c'])
})

t.test('a killed thread is replaced while others work on', async t => {
  const pool = createPool(t, { threads: 2 })
  const guilty = verdictsOf(pool, ['hang'])
  const innocent = Array.from({ length: 20 }, () => verdictsOf(pool, INNOCENT))
  for (const verdicts of await Promise.all(innocent)) t.same(verdicts, INNOCENT)
  t.same(await guilty, ['VALIDATION_TIMEOUT'])
})

t.test('chunks wait in line, which is no verdict', async t => {
  const pool = createPool(t)
  const chunks = Array.from({ length: 50 }, () => verdictsOf(pool, INNOCENT))
  t.ok(pool.queueSize > 40)
  for (const verdicts of await Promise.all(chunks)) t.same(verdicts, INNOCENT)
  t.equal(pool.queueSize, 0)
  t.ok(pool.busyMs > 0)
})

t.test('a chunk of large records is examined in several runs, which ends in the same order', async t => {
  const pool = createPool(t, { ...PATIENT, maxHeapMb: 256, admit: value => checkSize(value, 10_000_000) })
  const values = Array.from({ length: 7 }, (_, index) => `${index}`.repeat(index === 3 ? 9_000_000 : 1_900_000))
  const verdicts = verdictsOf(pool, values)
  t.equal(pool.queueSize, 4, '2 + 1 + 1 + 2 + 1 records, of which the first are under way')
  t.strictSame(await verdicts, values)
  t.equal(pool.queueSize, 0)
})

t.test('a worker that dies at start convicts nobody, is told to readiness, and is tried again', async t => {
  const file = join(t.testdir(), 'cured')
  const pool = createPool(t, { workerData: { diesUntil: file }, patienceMs: 600 })
  t.match(pool.problem, /starting/)
  await t.rejects(verdictsOf(pool, INNOCENT), { code: 'VALIDATION_UNAVAILABLE' } satisfies Partial<AppError>)
  t.match(pool.problem, /no validation thread starts/)
  writeFileSync(file, '')
  let verdicts: string[] | undefined
  while (verdicts === undefined) verdicts = await verdictsOf(pool, INNOCENT).catch(() => undefined)
  t.same(verdicts, INNOCENT)
  t.equal(pool.problem, undefined)
})

t.test('a worker that hangs at start counts as one that does not start', async t => {
  const pool = createPool(t, { workerData: { hangsAtStart: true }, startTimeoutMs: 100, patienceMs: 500 })
  await t.rejects(verdictsOf(pool, INNOCENT), { code: 'VALIDATION_UNAVAILABLE' })
})

t.test('closing rejects what is not examined yet', async t => {
  const pool = createPool(t, { timeoutMs: 60_000 })
  const running = verdictsOf(pool, ['hang'])
  const waiting = verdictsOf(pool, INNOCENT)
  const both = Promise.allSettled([running, waiting])
  await pool.close()
  t.match(await both, [{ reason: { code: 'ABORTED' } }, { reason: { code: 'ABORTED' } }])
})
