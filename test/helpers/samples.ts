const LINE = /^(\w+)(?:\{(.*)\})? (\S+)$/
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g

type Labels = Readonly<Record<string, string>>

interface Sample {
  readonly name: string
  readonly labels: Labels
  readonly value: number
}

interface Sample {
  readonly name: string
  readonly labels: Labels
  readonly value: number
}

/**
 * What a scrape of `/metrics` returned, in Prometheus' text format.
 * https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export class Samples {
  readonly #samples: readonly Sample[]

  private constructor (samples: readonly Sample[]) {
    this.#samples = samples
  }

  static parse (text: string): Samples {
    return new Samples(text.split('\n').flatMap(line => {
      const [, name, labels = '', value] = LINE.exec(line) ?? []
      if (name === undefined) return []
      return [{ name, labels: Object.fromEntries([...labels.matchAll(LABEL)].map(([, label, of]) => [label, of])), value: Number(value) }]
    }))
  }

  /** Of all samples of this name that have these labels; 0 when there are none. */
  sum (name: string, labels: Labels = {}): number {
    return this.#matching(name, labels).reduce((sum, { value }) => sum + value, 0)
  }

  count (name: string, labels: Labels = {}): number {
    return this.#matching(name, labels).length
  }

  /** Values by one label. */
  by (name: string, label: string): Record<string, number> {
    return Object.fromEntries(this.#matching(name, {}).map(({ labels, value }) => [labels[label] ?? '', value]))
  }

  #matching (name: string, labels: Labels): readonly Sample[] {
    return this.#samples.filter(sample => sample.name === name && Object.entries(labels).every(([label, value]) => sample.labels[label] === value))
  }
}
