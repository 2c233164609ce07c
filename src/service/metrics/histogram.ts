type Labels = Readonly<Record<string, string>>

/**
 * A histogram whose series are made once and then only counted in; prom-client looks for the series at each
 * observation, which costs more than all else that is done about a call (`npm run bench -- engine`).
 */
export class Histogram {
  readonly name: string
  readonly help: string
  readonly type = 'histogram'
  readonly aggregator = 'sum'
  readonly #bounds: readonly number[]
  readonly #series: Series[] = []

  constructor (name: string, help: string, bounds: readonly number[]) {
    this.name = name
    this.help = help
    this.#bounds = bounds
  }

  /** To be asked for once for the same labels. */
  series (labels: Labels = {}): Series {
    const series = new Series(this.#bounds, labels)
    this.#series.push(series)
    return series
  }

  /** What a registry asks of a metric. */
  async get () {
    const { name, help, type, aggregator } = this
    return { name, help, type, aggregator, values: this.#series.flatMap(series => series.values(name)) }
  }
}

export class Series {
  readonly #bounds: readonly number[]
  readonly #labels: Labels
  readonly #counts: number[]
  #count = 0
  #sum = 0

  constructor (bounds: readonly number[], labels: Labels) {
    this.#bounds = bounds
    this.#labels = labels
    this.#counts = bounds.map(() => 0)
  }

  observe (value: number): void {
    this.#count++
    this.#sum += value
    const at = this.#bounds.findIndex(bound => value <= bound)
    if (at >= 0) this.#counts[at] = (this.#counts[at] ?? 0) + 1
  }

  /** In Prometheus' form: each bucket holds those below it too. */
  values (name: string) {
    let below = 0
    const buckets = this.#bounds.map((le, at) => {
      below += this.#counts[at] ?? 0
      return { metricName: `${name}_bucket`, labels: { le, ...this.#labels }, value: below }
    })
    return [
      ...buckets,
      { metricName: `${name}_bucket`, labels: { le: '+Inf', ...this.#labels }, value: this.#count },
      { metricName: `${name}_sum`, labels: this.#labels, value: this.#sum },
      { metricName: `${name}_count`, labels: this.#labels, value: this.#count }
    ]
  }
}
