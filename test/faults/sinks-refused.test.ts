import t from 'tap'
import { type Fault, type FaultHits } from '../../bench/recording-endpoint/faults.js'
import { type LedgerEntry } from '../../src/generator/ledger.js'
import { type GeneratedRecord } from '../../src/generator/event-generator.js'
import { CLIENTS } from '../../src/generator/valid-event.js'
import { PATIENT } from '../helpers/patience.js'
import { startTestStack } from '../helpers/stack.js'
import { EVENT } from '../fixtures/event.js'
import { FaultRun } from './harness/fault-run.js'

const ROWS_A_CALL = 25
const MESSAGES_A_CALL = 10
/** Longer than a call takes to fill, so that each is full and holds what stands next to each other in the topic. */
const FULL_CALLS = { CHUNK_RECORDS: '100', DYNAMODB_BATCH_LINGER_MS: '5000', SQS_BATCH_LINGER_MS: '5000', ...PATIENT }
/** Where in its call the bad one stands: first, in the middle, last. */
const PLACES_OF_ROWS = [0, 12, 24]
const PLACES_OF_MESSAGES = [0, 4, 9]

const { kafka } = await startTestStack(t, { servers: ['kafka'] })

t.test('of 25 rows one is refused, first, in the middle or last: 24 land, one is a dead letter', async t => {
  const run = await FaultRun.create(t, { name: 'refused-row', kafka: kafka.brokers, partitions: 1, knobs: FULL_CALLS })
  await run.produce({ count: 4 * ROWS_A_CALL })
  const refused = uidsAt(await run.road.entries(), PLACES_OF_ROWS.map((place, call) => call * ROWS_A_CALL + place))
  run.arm({ operation: 'BatchWriteItem', refuseCallWith: refused })
  const service = await run.start()
  await run.finish({ refused: new Set(refused), order: 'exact', metricsTellAll: true })
  t.equal(hitsOf(run), sum(PLACES_OF_ROWS, place => refusalsToFind(place, ROWS_A_CALL)), 'each was found by halving a call of 25')
  t.same(refused.filter(uid => run.endpoint.recorder.rows.has(uid)), [])
  t.equal(await service.stop(), 0, { log: service.tail })
})

const refusals: Readonly<Record<string, (uids: readonly string[]) => Omit<Fault, 'operation'>>> = {
  'the call as a whole': uids => ({ refuseCallWith: uids }),
  'the entry alone': uids => ({ fail: { uids, code: 'InvalidMessageContents', senderFault: true } })
}

for (const [what, fault] of Object.entries(refusals)) {
  t.test(`of 10 messages one is refused, first, in the middle or last, ${what}: 9 land, one is a dead letter`, async t => {
    const run = await FaultRun.create(t, { name: `refused-message-${what.replaceAll(' ', '-')}`, kafka: kafka.brokers, partitions: 1, knobs: FULL_CALLS })
    await run.produce({ count: 100 })
    const entries = await run.road.entries()
    const refused = PLACES_OF_MESSAGES.flatMap((place, client) => uidsAt(entries.filter(entry => entry.client === CLIENTS[client]), [place]))
    run.arm({ operation: 'SendMessageBatch', ...fault(refused) })
    const service = await run.start()
    await run.finish({ refused: new Set(refused), order: 'reported', metricsTellAll: true })
    const expected = what === 'the entry alone' ? PLACES_OF_MESSAGES.length : sum(PLACES_OF_MESSAGES, place => refusalsToFind(place, MESSAGES_A_CALL))
    t.equal(hitsOf(run), expected, 'no call more than it takes to find them')
    t.equal(await service.stop(), 0, { log: service.tail })
  })
}

t.test('large events and long uids fill calls by their bytes: none is refused, and what could never pass is a dead letter before it is sent', async t => {
  const run = await FaultRun.create(t, { name: 'sizes', kafka: kafka.brokers, partitions: 1, knobs: { ...FULL_CALLS, MAX_IN_FLIGHT_BYTES: '134217728' } })
  const records = [
    ...Array.from({ length: 45 }, (_, index) => eventOf(`large-${index}`, 360 * 1024)),
    ...Array.from({ length: 30 }, (_, index) => eventOf('\u{1F600}'.repeat(510) + String(index).padStart(2, '0'), 10)),
    ...Array.from({ length: 30 }, (_, index) => eventOf(`mixed-${index}`, index % 3 === 0 ? 380 * 1024 : index * 10_000))
  ]
  // First, in the middle and last.
  const impossible = [0, 1, 2].map((index): GeneratedRecord => ({ ...eventOf(`impossible-${index}`, 401 * 1024), kind: 'too-large', expected: 'ITEM_TOO_LARGE' }))
  records.unshift(impossible[0] as GeneratedRecord)
  records.splice(50, 0, impossible[1] as GeneratedRecord)
  records.push(impossible[2] as GeneratedRecord)
  await run.road.send(records.map((record, index) => ({ ...record, index })), { key: 'none' })
  const service = await run.start()
  await run.finish({ metricsTellAll: true })
  const { attempted } = run.endpoint.recorder.report(false)
  const valid = records.length - impossible.length
  t.match(attempted, { rows: valid, messages: valid }, 'no call was refused and halved')
  t.equal(await service.stop(), 0, { log: service.tail })
})

function uidsAt (entries: readonly LedgerEntry[], places: readonly number[]): string[] {
  const inOrder = entries.toSorted((a, b) => a.index - b.index)
  return places.map(place => inOrder[place]?.uid ?? '')
}

/** Refused calls until the one at this place stands alone, when a call is halved and its first half is the larger. */
function refusalsToFind (place: number, size: number): number {
  if (size === 1) return 1
  const half = Math.ceil(size / 2)
  return 1 + (place < half ? refusalsToFind(place, half) : refusalsToFind(place - half, size - half))
}

function hitsOf ({ endpoint }: FaultRun): number {
  return (endpoint.hits().at(-1) as FaultHits).hits
}

function sum (places: readonly number[], of: (place: number) => number): number {
  return places.reduce((total, place) => total + of(place), 0)
}

function eventOf (uid: string, extraBytes: number): GeneratedRecord {
  const value = Buffer.from(JSON.stringify({ ...EVENT, uid, note: 'x'.repeat(extraBytes) }))
  return { index: 0, uid, client: EVENT.client, kind: 'valid-with-extras', expected: 'valid', value }
}
