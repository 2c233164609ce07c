import { type Examiner, type Verdict } from '../engine/examiner.js'
import { type SourceRecord } from '../engine/record.js'
import { type Values, valuesOf } from './values.js'

/**
 * Examines on the calling thread: for machines with one core, where a pool costs more than it gives. There is no
 * protection against a regular expression of the schema that does not end: it would stop the process.
 */
export class InlineExaminer<T> implements Examiner<T> {
  readonly problem = undefined
  readonly utilization = 0
  readonly busyMs = 0
  readonly queueSize = 0
  readonly #examine: (chunk: readonly SourceRecord[], values: Values) => Array<Verdict<T>>
  readonly detach: (payload: T) => void

  constructor (examine: (chunk: readonly SourceRecord[], values: Values) => Array<Verdict<T>>, detach: (payload: T) => void) {
    this.#examine = examine
    this.detach = detach
  }

  async examine (chunk: readonly SourceRecord[], values: Values = valuesOf(chunk)): Promise<ReadonlyArray<Verdict<T>>> {
    return this.#examine(chunk, values)
  }

  async close (): Promise<void> {}
}
