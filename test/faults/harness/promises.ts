import { type Test } from 'tap'
import { type Samples } from '../../helpers/samples.js'
import { type TestService } from '../../helpers/service.js'

export interface Verdict {
  /** One for each promise that was judged; it holds when there are no problems. */
  readonly promises: readonly PromiseVerdict[]
  readonly figures: Readonly<Record<string, number | string>>
}

export interface PromiseVerdict {
  readonly promise: string
  readonly problems: readonly string[]
}

/** With the first few of its problems. */
export function verdict (promise: string, problems: readonly string[]): PromiseVerdict {
  const more = problems.length - MAX_EXAMPLES
  return { promise, problems: more > 0 ? [...problems.slice(0, MAX_EXAMPLES), `… and ${more} more`] : problems }
}

/** Asserts that every promise holds, and prints the figures. */
export function expectPromises (t: Test, name: string, { promises, figures }: Verdict): void {
  for (const { promise, problems } of promises) t.same(problems, [], promise)
  t.comment(`figures: ${name}: ${Object.entries(figures).map(([what, value]) => `${what} ${value}`).join(', ')}`)
}

/** What the services that are still there say together. */
export async function sumMetrics (services: readonly TestService[]): Promise<Samples['sum']> {
  const metrics = await Promise.all(services.filter(service => !service.hasExited).map(service => service.metrics()))
  return (metric, labels = {}) => metrics.reduce((total, samples) => total + samples.sum(metric, labels), 0)
}

const MAX_EXAMPLES = 5
