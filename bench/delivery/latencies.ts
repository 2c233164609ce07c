import { type Arrival } from './endpoints.js'

/** From when the broker took an event to its arrival, in ms, sorted; of those events only that `takenAt` has. */
export function latenciesOf (arrivals: ReadonlyArray<readonly Arrival[]>, takenAt: ReadonlyMap<string, number>): Float64Array {
  const latencies: number[] = []
  for (const [id, at] of arrivals.flat()) {
    const since = takenAt.get(id)
    if (since !== undefined) latencies.push(at - since)
  }
  return Float64Array.from(latencies).sort()
}

/** Of sorted values; NaN of none. */
export function quantile (sorted: Float64Array, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN
}

/** What is wrong with what arrived at a destination that takes everything: each event has to be there, once. */
export function flawOf (arrivals: readonly Arrival[], ids: readonly string[]): string | undefined {
  const times = new Map<string, number>()
  for (const [id] of arrivals) times.set(id, (times.get(id) ?? 0) + 1)
  const missing = ids.filter(id => !times.has(id)).length
  const repeated = ids.filter(id => (times.get(id) ?? 0) > 1).length
  return missing + repeated === 0 ? undefined : `${missing} of ${ids.length} events missing, ${repeated} repeated`
}
