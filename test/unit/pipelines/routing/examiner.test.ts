import t, { type Test } from 'tap'
import { RegistryClient } from '../../../../src/connectors/schema-registry/registry-client.js'
import { SchemaCache } from '../../../../src/connectors/schema-registry/schema-cache.js'
import { systemClock } from '../../../../src/engine/clock.js'
import { type Verdict } from '../../../../src/engine/examiner.js'
import { type FailureCode } from '../../../../src/errors.js'
import { RoutingExaminer, type RoutingExaminerOptions } from '../../../../src/pipelines/routing/examiner.js'
import { RegistryHold } from '../../../../src/pipelines/routing/registry-hold.js'
import { type RoutedRecord } from '../../../../src/pipelines/routing/routed-messages.js'
import { CHUNKS, CONTEXT, DESTINATIONS, entriesOf, framed, ID, longs, OUTPUT, RECORD, sourceRecord, TEXTS, valueOf } from '../../../fixtures/avro.js'
import { notFound, type RegistryAnswer, startFaultyRegistry } from '../../../helpers/registry.js'

const OUTPUTS = DESTINATIONS.map(name => ({ name, topic: `to.${name}` }))

/** An examiner at a registry that has the tests' schemas, unless a test says otherwise. */
async function rig (t: Test, options: Partial<RoutingExaminerOptions> & { answer?: (id: number) => RegistryAnswer | undefined, unknownTtlMs?: number } = {}) {
  const { answer = () => undefined, unknownTtlMs = 30_000, ...others } = options
  const registry = await startFaultyRegistry(({ path }) => {
    const id = Number(path.split('/').at(-1))
    const schema = TEXTS.get(id)
    return answer(id) ?? (schema === undefined ? notFound() : { status: 200, body: { schema } })
  })
  const client = new RegistryClient({ url: registry.url, timeoutMs: 500 })
  const cache = new SchemaCache({ client, clock: systemClock, unknownTtlMs })
  const said: string[] = []
  const hold = new RegistryHold({
    clock: systemClock,
    quietMs: 60_000,
    incidents: {
      held: (stage: string, _key: string | undefined, code: FailureCode) => { said.push(`held ${stage} ${code}`) },
      resumed: (stage: string) => { said.push(`resumed ${stage}`) }
    }
  })
  const examiner = new RoutingExaminer({
    ...CHUNKS,
    outputs: OUTPUTS,
    outputSchemas: () => ({ ids: CONTEXT.outputSchemaIds, schemas: entriesOf(new Map([[ID.output, OUTPUT]])) }),
    cache,
    hold,
    threads: 0,
    inlineBytes: 0,
    timeoutMs: 2_000,
    retryTimeoutMs: 4_000,
    clock: systemClock,
    ...others
  })
  t.teardown(async () => {
    hold.close()
    await examiner.close()
    await client.close()
    await registry.close()
  })
  const examine = async (...values: Array<Buffer | null>): Promise<string[]> => (await examiner.examine(values.map(value => sourceRecord(value)))).map(summary)
  return { examiner, examine, said, asked: () => registry.calls.map(({ path }) => path.split('/').at(-1)) }
}

function summary (verdict: Verdict<RoutedRecord>): string {
  if (verdict.class === 'poison') return verdict.code
  return (verdict.payload.branches ?? [verdict.payload]).map(({ output }) => output.topic).join(' ')
}

const several = valueOf(ID.v2, { ...RECORD, destination_service_type: '', destination_service_types: ['logistics', 'MARKETING'] })
const foreign = framed(99, valueOf(ID.v1).subarray(5))

t.test('in the pool as on this thread, each record comes to the topics that it names, or to its reason', async t => {
  for (const [threads, inlineBytes, inPool] of [[0, 0, false], [1, 0, true], [1, 10, true], [1, 10_000, false]] as const) {
    const { examiner, examine, asked } = await rig(t, { threads, inlineBytes })
    const expected = ['to.FINANCE', 'EMPTY_VALUE', 'to.Logistics to.marketing', 'NO_SCHEMA_ID', 'UNKNOWN_SCHEMA', 'WRONG_SCHEMA', 'NOT_AVRO', 'to.FINANCE']
    const values = [valueOf(ID.v1), null, several, Buffer.from('{"a": 1}'), foreign, framed(ID.output, Buffer.from('x')), valueOf(ID.v1).subarray(0, -1), valueOf(ID.v1)]
    t.strictSame(await examine(...values), expected)
    t.strictSame(await examine(...values), expected)
    t.strictSame(asked().sort(), ['1', '2', '7', '99'], 'each id was asked for once')
    t.equal(examiner.busyMs > 0, inPool, `${threads} threads, and records up to ${inlineBytes} bytes without them`)
  }
})

t.test('messages are written with the time of the examination', async t => {
  const { examiner } = await rig(t, { clock: { ...systemClock, wallTime: () => 1_234_567_890_123 } })
  const [verdict] = await examiner.examine([sourceRecord(valueOf(ID.v1))])
  if (verdict?.class !== 'valid') throw new Error('it is valid')
  t.ok(verdict.payload.value.includes(longs(1_234_567_890_123)), 'as Avro writes that number')
})

t.test('a chunk with an id that nobody can tell of waits, and says so once; others go on', async t => {
  let away = true
  const { examiner, examine, said } = await rig(t, { answer: id => away && id === ID.v2 ? { status: 503, body: '' } : undefined })
  t.strictSame(await examine(valueOf(ID.v1)), ['to.FINANCE'])
  t.equal(examiner.problem, undefined)
  for (let time = 0; time < 3; time++) await t.rejects(examine(valueOf(ID.v1), several), { code: 'UNAVAILABLE' })
  t.strictSame(said, ['held schema-registry UNAVAILABLE'])
  t.match(examiner.problem, /schema registry/)
  t.strictSame(await examine(valueOf(ID.v1)), ['to.FINANCE'], 'what is known needs no registry')
  away = false
  t.strictSame(await examine(valueOf(ID.v1), several), ['to.FINANCE', 'to.Logistics to.marketing'])
  t.strictSame(said, ['held schema-registry UNAVAILABLE', 'resumed schema-registry'])
  t.equal(examiner.problem, undefined)
})

t.test('an unknown id is unknown for a while, and known as soon as it is registered after that', async t => {
  let registered = false
  const { examine, asked } = await rig(t, { unknownTtlMs: 0, answer: id => registered && id === 99 ? { status: 200, body: { schema: TEXTS.get(ID.v1) } } : undefined })
  t.strictSame(await examine(foreign), ['UNKNOWN_SCHEMA'])
  registered = true
  t.strictSame(await examine(foreign, foreign), ['to.FINANCE', 'to.FINANCE'])
  t.strictSame(await examine(foreign), ['to.FINANCE'])
  t.strictSame(asked(), ['99', '99'])
})

t.test('a chunk of more ids than are kept does not become poison for it', async t => {
  const { examine } = await rig(t, { answer: id => id > 1_000 ? { status: 200, body: { schema: TEXTS.get(ID.v1) } } : undefined })
  const values = Array.from({ length: 1_001 }, (_, index) => framed(1_001 + index, valueOf(ID.v1).subarray(5)))
  await t.rejects(examine(...values), { code: 'VALIDATION_UNAVAILABLE' })
  t.strictSame(new Set(await examine(...values.slice(1))), new Set(['to.FINANCE']))
})
