import { DEFAULTS, type LaneSetting, workOff } from './engine/simulated-road.js'
import { type Scope } from './scope.js'

/** What is changed of the defaults, by name. */
const VARIANTS: Readonly<Record<string, Partial<LaneSetting>>> = {
  'no order': { order: 'none' },
  defaults: {},
  '5 % failing': { failShare: 0.05 },
  '24 partitions': { partitions: 24 },
  '24 partitions, 5 % failing': { partitions: 24, failShare: 0.05 },
  '20 ms': { callMs: 20 },
  '4,000 in flight': { maxInFlightRecords: 4_000 },
  'strict order': { order: 'strict' },
  'DYNAMODB_CONCURRENCY 16': { tableConcurrency: 16 },
  'the same, 5 % failing': { tableConcurrency: 16, failShare: 0.05 },
  'DYNAMODB_CONCURRENCY 32': { tableConcurrency: 32 },
  'that, 5 % failing': { tableConcurrency: 32, failShare: 0.05 }
}

export const scope: Scope = {
  summary: 'how full calls are and how fast a backlog goes when order is kept and nothing but calls takes time',
  details: `The engine in simulated time: ${DEFAULTS.partitions} partitions, 4 clients, calls of ${DEFAULTS.callMs} to ${DEFAULTS.callMs * 1.2} ms. Says what lanes allow, on a processor that costs nothing.`,
  runs: 1,
  async measure (_flags, progress) {
    const variants: Record<string, Array<Readonly<Record<string, number>>>> = {}
    for (const [name, setting] of Object.entries(VARIANTS)) {
      progress(name)
      variants[name] = [await workOff({ ...DEFAULTS, ...setting })]
    }
    return { variants, notes: ['Simulated with one seed: each run gives the same figures.'] }
  }
}
