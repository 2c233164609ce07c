import { Counter, Gauge, type Metric, Registry } from 'prom-client'
import { Histogram } from './histogram.js'

export interface Definition {
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly labels: readonly string[]
  readonly help: string
}

const PREFIX = 'penstock_'

/** A registry that also keeps the definitions, from which the documentation is generated. */
export class MetricSet {
  readonly registry = new Registry()
  readonly definitions: Definition[] = []

  counter<L extends string> (name: string, help: string, labelNames: readonly L[] = []): Counter<L> {
    return new Counter(this.#define('counter', name, help, labelNames))
  }

  gauge<L extends string> (name: string, help: string, labelNames: readonly L[] = []): Gauge<L> {
    return new Gauge(this.#define('gauge', name, help, labelNames))
  }

  histogram (name: string, help: string, bounds: readonly number[], labelNames: readonly string[] = []): Histogram {
    const histogram = new Histogram(this.#define('histogram', name, help, labelNames).name, help, bounds)
    // The type names the library's own metrics only; a registry needs a name and `get`.
    this.registry.registerMetric(histogram as unknown as Metric)
    return histogram
  }

  #define<L extends string> (type: Definition['type'], name: string, help: string, labelNames: readonly L[]): { name: string, help: string, labelNames: readonly L[], registers: Registry[] } {
    this.definitions.push({ name: PREFIX + name, type, labels: labelNames, help })
    return { name: PREFIX + name, help, labelNames, registers: [this.registry] }
  }
}

/** Keeps a label's values bounded: the first `limit` are kept, any further is `other`. */
export class BoundedLabel {
  readonly #seen = new Set<string>()
  readonly #limit: number

  constructor (limit: number) {
    this.#limit = limit
  }

  of (value: string): string {
    if (this.#seen.has(value)) return value
    if (this.#seen.size >= this.#limit) return 'other'
    this.#seen.add(value)
    return value
  }
}
