import { type Batch, Batcher, type BatcherOptions } from '../src/engine/batcher.js'
import { Flight } from '../src/engine/flight.js'
import { type Step, measureSteps } from './measure-steps.js'
import { type Scope } from './scope.js'

const RECORDS = 120_000
/** As many come at a time. */
const CHUNK_RECORDS = 500
/** Under way at most. */
const CALLS = 16

export const scope: Scope = {
  summary: 'what it costs to fill calls from lanes',
  details: 'With a key a record, as the table has; with the keys of 12 partitions of 4 clients, in one queue; and with one lane.',
  runs: 9,
  async measure ({ runs }, progress) {
    return { variants: await measureSteps(STEPS, { runs, progress }) }
  }
}

const TABLE: BatcherOptions = { policy: { maxRecords: 25, maxBytes: 1024 * 1024, lingerMs: 10 }, maxPerLane: 1, coalesce: true }
const QUEUE: BatcherOptions = { policy: { maxRecords: 10, maxBytes: 1024 * 1024, lingerMs: 10 }, maxPerLane: Infinity, coalesce: false }

const keys = Array.from({ length: RECORDS }, (_, index) => `a0237613-828d-4bce-8a7e-${index.toString(16).padStart(12, '0')}`)
const groups = Array.from({ length: 48 }, (_, index) => `Client_${index % 4}:${index % 12}`)

const STEPS: Record<string, Step> = {
  'do nothing': () => work(undefined, index => keys[index] ?? ''),
  'calls of 25, a key a record': () => work(new Batcher(TABLE), index => keys[index] ?? ''),
  'calls of 10, 48 keys': () => work(new Batcher(QUEUE), index => groups[index % 48] ?? ''),
  'calls of 10, a key for all': () => work(new Batcher(QUEUE), () => 'all')
}

function work (batcher: Batcher<undefined> | undefined, keyOf: (index: number) => string): number {
  for (let index = 0; index < RECORDS; index++) {
    const flight = new Flight<undefined>(RECORD, NOWHERE, 0)
    flight.callBytes = 200
    batcher?.add(flight, keyOf(index), 0)
    if (batcher !== undefined && index % CHUNK_RECORDS === 0) workOff(batcher)
  }
  return RECORDS
}

/** Until nothing fills a call any more. When none can leave, or too many are under way, the oldest ends. */
function workOff (batcher: Batcher<undefined>): void {
  const calls: Array<Batch<undefined>> = []
  for (;;) {
    const batch = calls.length < CALLS ? batcher.take(0) : undefined
    if (batch !== undefined) {
      calls.push(batch)
      continue
    }
    const oldest = calls.shift()
    if (oldest === undefined) return
    for (const lane of oldest.lanes) batcher.release(lane, 0)
  }
}

const NOWHERE = { closed: false, draining: false, replay: false, started: () => {}, settle: () => {} }
const RECORD = { topic: 'bench', partition: 0, offset: 0, key: null, value: null, headers: [], timestamp: 1 }
