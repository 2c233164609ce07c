import { type Incidents, type Observer } from '../../src/engine/observer.js'

export interface Counts {
  /** How often each was told, and the sum of its last number: `deadLettered`, `settled`, … */
  readonly told: Readonly<Record<string, number>>
  readonly sums: Readonly<Record<string, number>>
  readonly observer: Observer
  readonly incidents: Incidents
}

/** An observer that counts what it is told, by the name of the method. */
export function countingObserver (): Counts {
  const told: Record<string, number> = {}
  const sums: Record<string, number> = {}
  const recorder = new Proxy({}, {
    get: (_target, name: string) => (...details: unknown[]) => {
      told[name] = (told[name] ?? 0) + 1
      const number = details.findLast(detail => typeof detail === 'number')
      if (number !== undefined) sums[name] = (sums[name] ?? 0) + number
    }
  })
  // Every method of both interfaces returns nothing, which is what the recorder's answer to any name is.
  return { told, sums, observer: recorder as Observer, incidents: recorder as Incidents }
}
