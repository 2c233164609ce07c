import { createHash } from 'node:crypto'
import t from 'tap'
import { Tenants } from '../../../src/ingest/tenants.js'
import { type IngestTenant } from '../../../src/service/config/ingest-keys.js'
import { ManualClock } from '../../helpers/manual-clock.js'

t.test('A request speaks for the tenant of its key, whichever of its keys it is', async t => {
  const tenants = create([tenant('acme', 'old', 'new'), tenant('other', 'theirs')])
  t.ok(tenants.needKeys)
  t.equal(tenants.of('Bearer old')?.name, 'acme')
  t.equal(tenants.of('bearer  new ')?.name, 'acme', 'the scheme has no case')
  t.equal(tenants.of('Bearer theirs')?.name, 'other')
  for (const header of [undefined, '', 'Bearer', 'Bearer ', 'Bearer oldx', 'Basic old', 'old', 'Bearer old new', `Bearer ${hashOf('old')}`]) {
    t.equal(tenants.of(header), undefined, JSON.stringify(header))
  }
})

t.test('Hashes that begin alike are told apart by all of their digits', async t => {
  const twin = hashOf('key').slice(0, 63) + (hashOf('key').endsWith('0') ? '1' : '0')
  const tenants = create([{ ...tenant('twin'), keyHashes: [twin] }, { ...tenant('right'), keyHashes: [hashOf('key').toUpperCase()] }])
  t.equal(tenants.of('Bearer key')?.name, 'right')
  t.equal(create([{ ...tenant('twin'), keyHashes: [twin] }]).of('Bearer key'), undefined)
})

t.test('Without keys everybody is the default tenant, without limits', async t => {
  const tenants = create([])
  t.notOk(tenants.needKeys)
  t.match(tenants.of(undefined), { name: 'default', disabled: false, rate: undefined })
  t.equal(tenants.of('Bearer x')?.name, 'default')
})

t.test('A tenant has one rate for all its keys; a batch may overdraw it and is paid for afterwards', async t => {
  const clock = new ManualClock()
  const tenants = create([{ ...tenant('acme', 'a', 'b'), eventsPerSecond: 10 }], clock)
  const rate = tenants.of('Bearer a')?.rate
  t.equal(rate?.waitMs, 0)
  rate?.pay(30)
  const other = tenants.of('Bearer b')?.rate
  t.equal(other?.waitMs, 2_100, 'until one event is there again')
  clock.advance(2_000)
  t.equal(other?.waitMs, 100)
  clock.advance(100)
  t.equal(other?.waitMs, 0)
  clock.advance(60_000)
  other?.pay(10)
  t.equal(other?.waitMs, 100, 'it never holds more than a second\'s worth')
})

function create (settings: IngestTenant[], clock = new ManualClock()): Tenants {
  return new Tenants(settings, clock)
}

function tenant (name: string, ...keys: string[]): IngestTenant {
  return { name, keyHashes: keys.map(hashOf), disabled: false, eventsPerSecond: undefined, maxEventBytes: undefined }
}

function hashOf (key: string): string {
  return createHash('sha256').update(key).digest('hex')
}
