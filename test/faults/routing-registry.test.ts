import avsc from 'avsc'
import t, { type Test } from 'tap'
import { valueSubject } from '../../src/cli/value-subject.js'
import { RegistryClient } from '../../src/connectors/schema-registry/registry-client.js'
import { type FailureCode } from '../../src/errors.js'
import { generateRoutingRecord, type RoutingRecord } from '../../src/generator/routing/routing-generator.js'
import { framed } from '../../src/generator/routing/routing-value.js'
import { ROUTING_SCHEMAS } from '../../src/pipelines/routing/routing-schemas.js'
import { DESTINATIONS } from '../helpers/routing-road.js'
import { eventually } from '../helpers/eventually.js'
import { startTestStack } from '../helpers/stack.js'
import { type RegistryFault, RegistryProxy } from './harness/registry-proxy.js'
import { APPEND_TIMES, RoutingRun } from './harness/routing-run.js'

const TIMEOUT_MS = 1_500
const UNKNOWN_TTL_MS = 3_000
/** Of each sort that a fault meets. */
const COUNT = 60
const KNOBS = {
  SCHEMA_REGISTRY_TIMEOUT_MS: String(TIMEOUT_MS),
  SCHEMA_REGISTRY_UNKNOWN_TTL_MS: String(UNKNOWN_TTL_MS),
  RETRY_BACKOFF_MAX_MS: '300',
  COMMIT_INTERVAL_MS: '100',
  // Many chunks at once, with the same id in all of them.
  CHUNK_RECORDS: '10'
}
/** No registry gives them away. */
const UNKNOWN_ID = 0x7FFF0000

interface Case {
  readonly what: string
  readonly fault: RegistryFault
  readonly code: FailureCode
  /** What is said when it turns not ready. */
  readonly reason: string
}

const CASES: readonly Case[] = [
  { what: 'is down', fault: 'reset', code: 'UNAVAILABLE', reason: 'GET /schemas/ids/' },
  { what: 'hangs', fault: 'hang', code: 'UNAVAILABLE', reason: `no answer within ${TIMEOUT_MS} ms` },
  { what: 'is too slow', fault: { delayMs: 4 * TIMEOUT_MS }, code: 'UNAVAILABLE', reason: `no answer within ${TIMEOUT_MS} ms` },
  { what: 'answers 500', fault: { status: 500, body: '{"error_code":50001,"message":"Error in the backend data store"}' }, code: 'UNAVAILABLE', reason: '500 (50001), Error in the backend data store' },
  { what: 'answers 404 that is not its own', fault: { status: 404, body: '<html>Not Found</html>' }, code: 'MISCONFIGURED', reason: 'no schema registry answers under this URL' },
  { what: 'answers with a page', fault: { status: 200, body: '<html>Welcome</html>' }, code: 'MISCONFIGURED', reason: 'the answer is no JSON object' },
  { what: 'answers with other JSON', fault: { status: 200, body: '{}' }, code: 'MISCONFIGURED', reason: 'the answer has no schema' }
]

const { kafka, registry } = await startTestStack(t, { servers: ['kafka', 'registry'], kafka: { properties: APPEND_TIMES } })

t.test('D3, M9: while the registry fails, known schemas go on and records of any other id wait; not ready for that reason, no record is condemned, and it goes on unaided', async t => {
  const { run, proxy, records } = await start(t, 'routing-registry-faults')
  const service = await run.start({ SCHEMA_REGISTRY_URL: proxy.url })
  await run.road.send(records.known(COUNT))
  await service.sees('the schema is known', () => run.delivered === COUNT)

  let delivered = COUNT
  for (const [index, { what, fault, code, reason }] of CASES.entries()) {
    const fresh = await records.registerSchema()
    const letters = (await service.metrics()).sum('penstock_dead_letters_total')
    proxy.fault = fault
    await run.road.send(records.known(COUNT))
    delivered += COUNT
    await service.sees(`${what}: what has a known schema goes on`, () => run.delivered === delivered)
    t.equal((await service.health('/ready')).status, 200, `${what}: ready, as nothing waits`)

    await run.road.send([...records.of(fresh, COUNT), ...records.unknown(UNKNOWN_ID + index, COUNT)])
    await service.becomesUnready('validation')
    const said = service.log.findLast(({ message }) => message === 'not healthy')
    t.match(said, { check: 'validation', reason: /^records wait for the schema registry: / })
    t.ok(String(said?.reason).includes(reason), `${what}: it says why`, { reason: said?.reason })
    const metrics = await service.metrics()
    t.equal(metrics.sum('penstock_held', { stage: 'schema-registry' }), 1, `${what}: held`)
    t.equal(service.log.findLast(({ message }) => message.includes('a stage is held'))?.code, code, `${what}: ${code}`)
    t.equal(metrics.sum('penstock_dead_letters_total'), letters, `${what}: no record is condemned`)
    t.equal(run.delivered, delivered, `${what}: those of an unknown id wait`)
    t.ok(proxy.calls.some(call => call.fault === fault), `${what}: the fault was met`)

    proxy.fault = undefined
    delivered += COUNT
    await service.sees(`${what}: what waited is delivered`, () => run.delivered === delivered)
    await service.sees(`${what}: what is unknown to the registry is a dead letter`, async () => (await service.metrics()).sum('penstock_dead_letters_total') === letters + COUNT)
    await service.becomesReady()
    t.equal((await service.metrics()).sum('penstock_held', { stage: 'schema-registry' }), 0, `${what}: over`)
  }
  await run.finish({ metricsTellAll: true })
  const metrics = await service.metrics()
  t.same(service.log.filter(({ message }) => message.includes('a stage is held')).length, CASES.length, 'each hold is said once')
  t.equal(metrics.sum('penstock_holds_total', { stage: 'schema-registry' }), CASES.length, 'and counted once')
  t.equal(await service.stop(), 0, { log: service.tail })
})

t.test('D3: of a slow registry each id is asked for once at a time, however many records wait for it, and one that it does not know is asked for again only after a while', async t => {
  // Slow it is, and never too slow: also not on a busy machine.
  const { run, proxy, records } = await start(t, 'routing-registry-slow', { SCHEMA_REGISTRY_TIMEOUT_MS: '60000' })
  const service = await run.start({ SCHEMA_REGISTRY_URL: proxy.url, VALIDATION_THREADS: '2' })
  await service.ownsPartitions()
  const fresh = await records.registerSchema()
  proxy.fault = { delayMs: 250 }
  await run.road.send([...records.of(fresh, 5 * COUNT), ...records.unknown(UNKNOWN_ID, 5 * COUNT)])
  await run.road.isWorkedOff([service])
  t.equal(proxy.lookUps(fresh.id).length, 1, 'a known schema is asked for once')
  t.equal(proxy.lookUps(UNKNOWN_ID).length, 1, 'so is an unknown one')
  await eventually('it is asked for again', async () => {
    await run.road.send(records.unknown(UNKNOWN_ID, 1))
    await run.road.isWorkedOff([service])
    return proxy.lookUps(UNKNOWN_ID).length > 1
  })
  const [first, second] = proxy.lookUps(UNKNOWN_ID)
  t.ok(second!.at - first!.at >= UNKNOWN_TTL_MS, `it was asked for again after ${second!.at - first!.at} ms`)
  t.equal(proxy.mostAtOnce, 1, 'never twice at the same time')
  t.equal(service.log.filter(({ message }) => message.includes('a stage is held')).length, 0, 'being slow is no fault')
  const { figures } = await run.finish({ metricsTellAll: true })
  t.ok(Number(figures['dead letters']) > 5 * COUNT)
  t.equal(await service.stop(), 0, { log: service.tail })
})

async function start (t: Test, name: string, knobs: Readonly<Record<string, string>> = {}) {
  const run = await RoutingRun.create(t, { name, servers: { kafka: kafka.brokers, registry: registry.url }, knobs: { ...KNOBS, ...knobs } })
  const proxy = await RegistryProxy.start(t, registry.url)
  return { run, proxy, records: await Records.create(run) }
}

interface FreshSchema {
  readonly id: number
  readonly type: avsc.Type
}

/** Records for all destinations, one after the other, of schemas that the service knows or not. */
class Records {
  readonly #run: RoutingRun
  readonly #make: (index: number) => RoutingRecord
  #made = 0
  #registered = 0

  private constructor (run: RoutingRun, make: (index: number) => RoutingRecord) {
    this.#run = run
    this.#make = make
  }

  static async create (run: RoutingRun): Promise<Records> {
    const schemas = await run.road.schemas()
    const origins = Array.from({ length: 20 }, (_, index) => String(index))
    return new Records(run, index => generateRoutingRecord({
      seed: 1, originServiceType: 'financial', originServiceIds: origins, destinations: DESTINATIONS, fanOutShare: 0, invalidShare: 0, kinds: [], schemas, now: Date.now
    }, index))
  }

  known (count: number): RoutingRecord[] {
    return Array.from({ length: count }, () => this.#make(this.#made++))
  }

  unknown (id: number, count: number): RoutingRecord[] {
    return this.known(count).map(record => ({ ...record, kind: 'unknown-schema', expected: 'UNKNOWN_SCHEMA', destinations: [], value: framed(id, record.value!.subarray(5)) }))
  }

  of ({ id, type }: FreshSchema, count: number): RoutingRecord[] {
    return this.known(count).map(record => ({
      ...record,
      value: framed(id, type.toBuffer({
        origin_service_id: 'fresh', origin_service_type: 'financial', destination_service_type: record.destinations[0], event_timestamp: Date.now(), payload: `record ${record.index}`
      }))
    }))
  }

  /** A next version of what producers write: the service has never seen its id. */
  async registerSchema (): Promise<FreshSchema> {
    const schema = JSON.parse(ROUTING_SCHEMAS.fanOutInput) as { fields: object[] }
    schema.fields.push({ name: `added_${this.#registered++}`, type: 'string', default: '' })
    const client = new RegistryClient({ url: registry.url, timeoutMs: 10_000 })
    try {
      const id = await client.register(valueSubject(this.#run.name), JSON.stringify(schema))
      return { id, type: avsc.Type.forSchema(schema as avsc.Schema) }
    } finally {
      await client.close()
    }
  }
}
