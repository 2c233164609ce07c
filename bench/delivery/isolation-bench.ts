import { type Figures, medians } from '../report.js'
import { type Measurement } from '../scope.js'
import { type Behaviour } from './behaviours.js'
import { type DeliveryLoad, measureDelivery } from './measure-delivery.js'
import { withDeliveryBed } from './with-delivery-bed.js'

export interface IsolationOptions extends Pick<DeliveryLoad, 'perSecond' | 'seconds' | 'burst'> {
  readonly runs: number
  readonly partitions: number
  readonly progress: (line: string) => void
}

const WELL = destinations('well', 7)
const WITH_BAD: Readonly<Record<string, Behaviour>> = { ...WELL, hanging: 'hangs', slow: 'takes 5 s', flapping: 'fails half of the time' }

const ALONE = 'seven alone'
const BESIDE_BAD = 'seven beside three bad ones'
const SETUPS: Readonly<Record<string, Readonly<Record<string, Behaviour>>>> = {
  [ALONE]: WELL,
  'seven beside three good ones': { ...WELL, ...destinations('further', 3) },
  [BESIDE_BAD]: WITH_BAD
}

/** Seven destinations that are well, by themselves and beside three others. Runs are paired, beginning with another setup each time. */
export async function benchIsolation (options: IsolationOptions): Promise<Measurement> {
  return await withDeliveryBed(options.partitions, async bed => {
    const measured: Record<string, Figures[]> = Object.fromEntries(Object.keys(SETUPS).map(name => [name, []]))
    const setups = Object.entries(SETUPS)
    for (let run = 0; run < options.runs; run++) {
      for (let place = 0; place < setups.length; place++) {
        const [name, destinations] = setups[(place + run) % setups.length]!
        options.progress(`run ${run + 1} of ${options.runs}: ${name}`)
        measured[name]?.push(await measureDelivery(bed, { ...options, name, destinations, idleSeconds: 0 }))
      }
    }
    return { variants: withRatios(measured, ALONE), notes: [...bed.notes, ...ratioNotes(measured, ALONE)] }
  })
}

const P99 = 'p99 ms'
const RATIO = 'p99 beside the first'

/** Each figure of a run beside that of the same run of the variant `first`: what disturbed one half of a pair disturbed the other. */
export function withRatios (measured: Readonly<Record<string, readonly Figures[]>>, first: string): Record<string, Figures[]> {
  return Object.fromEntries(Object.entries(measured).map(([name, runs]) => [
    name, runs.map((figures, run) => name === first ? figures : { ...figures, [RATIO]: (figures[P99] ?? NaN) / (measured[first]?.[run]?.[P99] ?? NaN) })
  ]))
}

function ratioNotes (measured: Readonly<Record<string, readonly Figures[]>>, first: string): string[] {
  return Object.entries(withRatios(measured, first)).filter(([name]) => name !== first).map(([name, runs]) =>
    `${name}: p99 is ${(medians(runs)[RATIO] ?? NaN).toFixed(2)} of that of ${first} (median of ${runs.length} pairs)`)
}

function destinations (name: string, count: number): Record<string, Behaviour> {
  return Object.fromEntries(Array.from({ length: count }, (_, at) => [`${name}-${at + 1}`, 'succeeds' as const]))
}
