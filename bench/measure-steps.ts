import { type Figures } from './report.js'

/** Does its work once or many times, and says how many times. */
export type Step = () => number | Promise<number>

/**
 * CPU of this process (all threads, garbage collection with it) for one unit of each step's work. Every run does all
 * the steps, one after the other, so that a machine that slows down or speeds up favours none. A pass that is not
 * measured goes before, for the compiler. A pass of 20 ms and more is well above the clock's resolution.
 */
export async function measureSteps (
  steps: Readonly<Record<string, Step>>, { runs, progress }: { readonly runs: number, readonly progress: (line: string) => void }
): Promise<Record<string, Figures[]>> {
  const figures = Object.fromEntries(Object.keys(steps).map(name => [name, [] as Figures[]]))
  for (const step of Object.values(steps)) await step()
  for (let run = 1; run <= runs; run++) {
    progress(`run ${run} of ${runs}`)
    for (const [name, step] of Object.entries(steps)) figures[name]?.push(await measure(step))
  }
  return figures
}

async function measure (step: Step): Promise<Figures> {
  const before = process.cpuUsage()
  const startedAt = performance.now()
  const units = await step()
  const elapsedMs = performance.now() - startedAt
  const { user, system } = process.cpuUsage(before)
  return { 'CPU µs': (user + system) / units, 'elapsed µs': elapsedMs * 1000 / units }
}
