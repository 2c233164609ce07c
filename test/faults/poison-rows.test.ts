import t from 'tap'
import { usageOf } from '../../bench/events/process-usage.js'
import { generateRecord, type GeneratedRecord } from '../../src/generator/event-generator.js'
import { INVALID_KINDS } from '../../src/generator/invalid-kinds.js'
import { type InvalidKind } from '../../src/generator/kinds/kind.js'
import { EXTRAS, type GeneratedEvent } from '../../src/generator/valid-event.js'
import { eventually } from '../helpers/eventually.js'
import { startTestStack } from '../helpers/stack.js'
import { FaultRun } from './harness/fault-run.js'

const LEAST_CASES = 60
const VALID_ONLY = { seed: 1, invalidShare: 0, extraShare: 0, kinds: [] } as const
const MB = 1e6
/** Beyond the 50 MB of the largest kind, and what one of it costs: the client's fetch, the record, its dead letter, each whole. */
const RAISED_BYTES = 60_000_000
const CEILING_MB = 700

/** The rows of the failure matrix that bad input stands for, and which of the generator's kinds stand for each. */
const ROWS: ReadonlyArray<{ readonly row: string, readonly what: string, readonly least: number, is (kind: InvalidKind): boolean }> = [
  { row: 'M1', what: 'bytes that are no UTF-8, and byte order marks', least: 8, is: ({ expected }) => expected === 'NOT_UTF8' || expected === 'BYTE_ORDER_MARK' },
  { row: 'M2', what: 'nothing, a tombstone, a key alone, and what is cut or no JSON', least: 20, is: ({ expected }) => expected === 'EMPTY_VALUE' || expected === 'NOT_JSON' },
  { row: 'M3', what: 'nesting, 100,000 and 1,000,000 deep among it', least: 4, is: ({ expected }) => expected === 'TOO_DEEP' },
  { row: 'M4', what: 'megabytes, 2 and 50 among it, and a million keys', least: 4, is: ({ expected }) => expected === 'TOO_LARGE' || expected === 'TOO_MANY_KEYS' },
  { row: 'M5', what: 'a key twice', least: 6, is: ({ expected }) => expected === 'DUPLICATE_KEY' },
  { row: 'M6', what: '__proto__ and constructor as keys', least: 5, is: ({ expected }) => expected === 'FORBIDDEN_KEY' },
  { row: 'M7', what: 'values of a wrong type, and 1e400', least: 12, is: kind => isViolation(kind) && isOfWrongType(kind) },
  { row: 'M8', what: 'impossible dates, wrong enums, missing fields, long uids', least: 30, is: kind => isViolation(kind) && !isOfWrongType(kind) }
]

for (const { row, what, least, is } of ROWS) {
  t.test(`${row}: the corpus has ${what}`, async t => {
    const names = INVALID_KINDS.filter(is).map(({ name }) => name)
    t.comment(`figures: ${row}: ${names.length} cases at 3 places each: ${names.join(' ')}`)
    t.ok(names.length >= least, `${names.length} of at least ${least}`)
  })
}

t.test(`every case stands for one row, and there are at least ${LEAST_CASES}`, async t => {
  t.same(INVALID_KINDS.filter(kind => ROWS.filter(({ is }) => is(kind)).length !== 1).map(({ name }) => name), [])
  t.ok(INVALID_KINDS.length >= LEAST_CASES, `${INVALID_KINDS.length} cases`)
  t.ok(EXTRAS.length >= 5, `and ${EXTRAS.length} oddities that must pass (M0)`)
})

t.test('M1 to M8: each case first, in the middle and last of its poll is a dead letter for its reason, and nothing of it is lost or repeated; memory is bounded', async t => {
  const { kafka } = await startTestStack(t, { servers: ['kafka'], kafka: { messageMaxBytes: RAISED_BYTES + 1_000_000 } })
  const places = ['bad', 'good', 'bad', 'good', 'bad'] as const
  const run = await FaultRun.create(t, {
    name: 'poison', kafka: kafka.brokers, partitions: 1, knobs: { CHUNK_RECORDS: String(places.length), KAFKA_MAX_MESSAGE_BYTES: String(RAISED_BYTES) }
  })
  await run.road.send(INVALID_KINDS.flatMap((kind, chunk) =>
    places.map((place, at) => record(chunk * places.length + at, place === 'bad' ? kind : undefined))), { key: 'uid' })
  const service = await run.start()
  const pid = service.log.find(({ message }) => message === 'started')?.pid ?? NaN
  let peakMb = 0
  await eventually('everything is committed', async () => {
    peakMb = Math.max(peakMb, usageOf([pid]).peakRssBytes / MB)
    return await run.road.lag() === 0
  }, { timeoutMs: 240_000, state: () => service.tail })
  t.comment(`figures: ${INVALID_KINDS.length} cases: RSS at most ${peakMb.toFixed(0)} MB`)
  t.ok(peakMb < CEILING_MB, `${peakMb} MB`)
  await run.finish({ metricsTellAll: true })
  t.equal((await service.metrics()).sum('penstock_examiner_failures_total'), 0)
  t.equal(await service.stop(), 0, { log: service.tail })
})

function record (index: number, kind: InvalidKind | undefined): GeneratedRecord {
  const good = generateRecord(VALID_ONLY, index)
  if (kind === undefined) return good
  return { ...good, kind: kind.name, expected: kind.expected, value: kind.make(JSON.parse(String(good.value)) as GeneratedEvent) }
}

function isViolation ({ expected }: InvalidKind): boolean {
  return expected === 'SCHEMA_VIOLATION'
}

function isOfWrongType ({ name }: InvalidKind): boolean {
  return /^(json-(null|number|string|array)|null-|number-|huge-number-|boolean-|array-|object-)/.test(name)
}
