import { type Produce } from '../../helpers/events-road.js'
import { type FaultRun } from './fault-run.js'

/** More than any run lasts for. */
const MOST_EVENTS = 100_000_000

/** Produces at a steady rate until the function that it returns is called, or the test ends. */
export function steadyLoad (
  t: { teardown (handler: () => void): void }, run: FaultRun, options: Omit<Produce, 'count' | 'signal'> & { readonly ratePerSecond: number }
): () => Promise<void> {
  const enough = new AbortController()
  t.teardown(() => { enough.abort() })
  const producing = run.produce({ ...options, count: MOST_EVENTS, signal: enough.signal })
  return async () => {
    enough.abort()
    await producing
  }
}
