import { type Figures, medians } from '../report.js'
import { type Measurement } from '../scope.js'
import { type DeliveryLoad, measureDelivery } from './measure-delivery.js'
import { withDeliveryBed } from './with-delivery-bed.js'

export interface DestinationsOptions extends Pick<DeliveryLoad, 'perSecond' | 'seconds' | 'burst' | 'idleSeconds'> {
  readonly counts: readonly number[]
  readonly runs: number
  readonly partitions: number
  readonly progress: (line: string) => void
}

/** One process with ever more destinations, all of which are well: what each of them costs. */
export async function benchDestinations (options: DestinationsOptions): Promise<Measurement> {
  return await withDeliveryBed(options.partitions, async bed => {
    const measured: Record<string, Figures[]> = Object.fromEntries(options.counts.map(count => [labelOf(count), []]))
    for (let run = 0; run < options.runs; run++) {
      for (const count of options.counts) {
        const name = labelOf(count)
        options.progress(`run ${run + 1} of ${options.runs}: ${name}`)
        const destinations = Object.fromEntries(Array.from({ length: count }, (_, at) => [`d-${at + 1}`, 'succeeds' as const]))
        measured[name]?.push(await measureDelivery(bed, { ...options, name, destinations }))
      }
    }
    return { variants: measured, notes: [...bed.notes, ...costsOf(measured, options.counts)] }
  })
}

const COSTS = ['idle RSS MB', 'threads', 'idle CPU, % of a core'] as const

/** What each destination adds, from the fewest to the most. */
export function costsOf (measured: Readonly<Record<string, readonly Figures[]>>, counts: readonly number[]): string[] {
  const few = Math.min(...counts)
  const many = Math.max(...counts)
  if (few === many) return []
  const [from, to] = [few, many].map(count => medians(measured[labelOf(count)] ?? []))
  const costs = COSTS.map(name => `${(((to?.[name] ?? NaN) - (from?.[name] ?? NaN)) / (many - few)).toFixed(2)} ${name}`)
  return [`each further destination, between ${few} and ${many}: ${costs.join('; ')}`]
}

function labelOf (count: number): string {
  return `${count} ${count === 1 ? 'destination' : 'destinations'}`
}
