import { type Incidents, type Observer } from '../src/engine/observer.js'
import { Metrics } from '../src/service/metrics/metrics.js'
import { createInstantRoad, examiner } from './engine/instant-road.js'
import { RecordSource } from './engine/record-source.js'
import { measureSteps, type Step } from './measure-steps.js'
import { type Figures } from './report.js'
import { type Scope } from './scope.js'

const RECORDS = 100_000
const CHUNK_RECORDS = 500

export const scope: Scope = {
  summary: 'what the engine costs a record, with systems that answer at once',
  details: 'Polls of 500 records of 12 partitions, a table, the queues of 4 clients. Doing nothing makes the records and their payloads. Bytes are what is allocated on the heap.',
  runs: 5,
  async measure ({ runs }, progress) {
    const variants = await measureSteps(Object.fromEntries(Object.entries(ROADS).map(([name, work]) => [name, stepOf(work)])), { runs, progress })
    for (const [name, work] of Object.entries(ROADS)) {
      const bytes = await allocatedBytes(work)
      variants[name] = (variants[name] ?? []).map((figures: Figures) => ({ ...figures, bytes }))
    }
    return { variants }
  }
}

/** Hears everything and does nothing. */
const deaf = new Proxy({}, { get: () => () => {} }) as Observer & Incidents
const metrics = new Metrics()

type Work = (records: number, polled: () => void) => Promise<void>

const ROADS: Record<string, Work> = {
  'do nothing': async (records, polled) => {
    const source = new RecordSource()
    for (let left = records; left > 0; left -= CHUNK_RECORDS) {
      await examiner.examine(source.poll(CHUNK_RECORDS))
      polled()
    }
  },
  engine: async (records, polled) => { await roadOf(deaf, records, polled) },
  'engine and metrics': async (records, polled) => { await roadOf(metrics, records, polled) }
}

async function roadOf (observer: Observer & Incidents, records: number, polled: () => void): Promise<void> {
  const road = createInstantRoad(observer)
  await road.run(records, CHUNK_RECORDS, polled)
}

function stepOf (work: Work): Step {
  return async () => {
    await work(RECORDS, () => {})
    return RECORDS
  }
}

/** A look at the heap after each poll: it shrinks only when the collector runs, and that poll is left out. */
async function allocatedBytes (work: Work): Promise<number> {
  let bytes = 0
  let counted = 0
  let before = process.memoryUsage().heapUsed
  await work(RECORDS, () => {
    const now = process.memoryUsage().heapUsed
    if (now >= before) {
      bytes += now - before
      counted += CHUNK_RECORDS
    }
    before = now
  })
  return bytes / counted
}
