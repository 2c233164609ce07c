import t from 'tap'
import { chooseRoutingKinds, ROUTING_KINDS } from '../../../src/generator/routing/routing-kinds.js'
import { generateRoutingRecord, type RoutingGeneratorOptions, type RoutingRecord } from '../../../src/generator/routing/routing-generator.js'
import { ROUTING_SCHEMAS } from '../../../src/pipelines/routing/routing-schemas.js'
import { type RoutedRecord, unpackRouted } from '../../../src/pipelines/routing/routed-messages.js'
import { RoutingChunks } from '../../../src/pipelines/routing/routing-chunks.js'

const IDS = { input: 11, fanOutInput: 12, output: 13 }
const NAMES = ['FINANCE', 'MARKETING', 'LOGISTICS']
const OPTIONS: RoutingGeneratorOptions = {
  seed: 7,
  originServiceType: 'financial',
  originServiceIds: ['123456'],
  destinations: ['FINANCE', 'marketing', 'Logistics'],
  configured: NAMES,
  fanOutShare: 0,
  invalidShare: 0,
  kinds: ROUTING_KINDS,
  schemas: IDS,
  now: () => 1_700_000_000_000
}

function generate (count: number, options: Partial<RoutingGeneratorOptions> = {}): RoutingRecord[] {
  return Array.from({ length: count }, (_, index) => generateRoutingRecord({ ...OPTIONS, ...options }, index))
}

/** What the pipeline's own examination says of records: the names of their destinations, or a failure code. */
function examine (records: readonly RoutingRecord[]): Array<string | string[]> {
  const chunks = new RoutingChunks({ readerSchema: ROUTING_SCHEMAS.fanOutInput, destinations: NAMES, processorId: 'p', maxRecordBytes: 1_048_576 })
  chunks.begin({
    processedAt: 0,
    schemas: new Map((['input', 'fanOutInput', 'output'] as const).map(name => [IDS[name], { state: 'known', text: ROUTING_SCHEMAS[name] }])),
    outputSchemaIds: NAMES.map(() => IDS.output)
  })
  const refusals = records.map(({ value }) => chunks.examine(value))
  const routed = unpackRouted(chunks.end(), NAMES.map(name => ({ name, topic: name })))
  return refusals.map(refusal => {
    if (refusal !== undefined) return refusal.code
    const record = routed.shift() as RoutedRecord
    return (record.branches ?? [record]).map(({ output }) => output.name)
  })
}

t.test('records cycle through the destinations, under the key of the original', async t => {
  const records = generate(4)
  t.same(records.map(({ key }) => key), ['123456:FINANCE', '123456:marketing', '123456:Logistics', '123456:FINANCE'])
  t.same(examine(records), [['FINANCE'], ['MARKETING'], ['LOGISTICS'], ['FINANCE']])
  t.same(records.map(({ destinations }) => destinations), [['FINANCE'], ['marketing'], ['Logistics'], ['FINANCE']])
})

t.test('a record of the newer version goes to each of the destinations that the ledger says, and no other', async t => {
  const records = generate(100, { fanOutShare: 1 })
  for (const [index, found] of examine(records).entries()) {
    t.same([...found].sort(), records[index]!.destinations.map(name => name.toUpperCase()).sort())
    t.ok(found.length > 1)
  }
  t.equal(generate(100, { fanOutShare: 0.5 }).filter(({ kind }) => kind === 'fan-out').length > 20, true)
})

t.test('a record for a destination that the pipeline does not have is an invalid one', async t => {
  const records = generate(20, { destinations: ['finance', 'WEATHER'], fanOutShare: 0.5 })
  for (const [index, found] of examine(records).entries()) {
    const { expected, destinations } = records[index]!
    t.equal(expected, Array.isArray(found) ? 'valid' : found)
    t.equal(destinations.length > 0, Array.isArray(found))
  }
  t.ok(records.some(({ expected }) => expected === 'UNKNOWN_DESTINATION') && records.some(({ expected }) => expected === 'valid'))
})

t.test('every kind of invalid record is refused for the reason that the ledger says', async t => {
  const kinds = ROUTING_KINDS.filter(({ expected }) => expected !== 'UNKNOWN_SCHEMA') // told from the registry's answer
  const records = generate(kinds.length, { invalidShare: 1, kinds })
  t.same(examine(records).map((code, index) => [records[index]!.kind, code]), kinds.map(({ name, expected }) => [name, expected]))
  for (const { destinations } of records) t.same(destinations, [])
})

t.test('large kinds are made when they are named', async t => {
  t.notOk(chooseRoutingKinds(undefined).some(({ name }) => name === 'two-megabytes'))
  t.same(chooseRoutingKinds(['two-megabytes']).map(({ expected }) => expected), ['TOO_LARGE'])
  t.throws(() => chooseRoutingKinds(['nonsense']), /"nonsense" is unknown/)
})

t.test('the same seed makes the same records, another seed others', async t => {
  const bytes = (seed: number): string => Buffer.concat(generate(50, { seed, fanOutShare: 0.3 }).map(({ value }) => value ?? Buffer.alloc(0))).toString('hex')
  t.equal(bytes(1), bytes(1))
  t.not(bytes(1), bytes(2))
})
