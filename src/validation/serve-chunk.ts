import { type Verdict } from '../engine/examiner.js'
import { FAILURES, type FailureCode } from '../errors.js'
import { poison, type Poison } from '../engine/outcome.js'
import { unpackValues } from './packing.js'

/** What travels to a worker. */
export interface ChunkTask {
  /** See packing.ts. */
  readonly packed: ArrayBuffer
  /** What the pipeline adds to the values, in its own form. */
  readonly context: unknown
  /** One 32-bit integer in which the worker says where it is: 0 not begun, n at the nth value, count + 1 through. */
  readonly progress: SharedArrayBuffer
}

/** What travels back: flat, because structured clone is paid per object on the main thread. */
export interface ChunkAnswer {
  /** Per value 0 for valid, or 1 + the place of the failure code in `CODES`. */
  readonly codes: Uint8Array
  /** Of the refused values, in order. */
  readonly details: readonly string[]
  /** Of the valid values, in order, in the pipeline's own form. */
  readonly valid: unknown
}

/** What a pipeline does with a chunk: one at a time, from `begin` to `end`; what did not come to its end is dropped. */
export interface ChunkExaminer<Context, Found> {
  begin (context: Context): void
  /** Keeps what it finds of a valid value for `end`. */
  examine (value: Buffer | null, index: number): Poison | undefined
  /** What was found of the valid values, in order. Must survive structured clone. */
  end (): Found
}

/** The worker's side: pure CPU work that can be killed at any time. */
export function serveChunk<Context> (task: ChunkTask, examiner: ChunkExaminer<Context, unknown>): ChunkAnswer {
  const progress = new Int32Array(task.progress)
  const values = unpackValues(task.packed)
  const answer = examineChunk(values, task.context as Context, examiner, index => { Atomics.store(progress, 0, index + 1) })
  Atomics.store(progress, 0, values.length + 1)
  return answer
}

export function examineChunk<Context> (
  values: ReadonlyArray<Buffer | null>, context: Context, examiner: ChunkExaminer<Context, unknown>, reached: (index: number) => void = () => {}
): ChunkAnswer {
  const codes = new Uint8Array(values.length)
  const details: string[] = []
  examiner.begin(context)
  for (let index = 0; index < values.length; index++) {
    reached(index)
    const refusal = examiner.examine(values[index]!, index)
    if (refusal === undefined) continue
    codes[index] = 1 + CODES.indexOf(refusal.code)
    details.push(refusal.detail)
  }
  return { codes, details, valid: examiner.end() }
}

/** An answer's verdicts; `payloads` are those of the valid values, in order. */
export function verdictsOf<T> ({ codes, details }: ChunkAnswer, payloads: readonly T[]): Array<Verdict<T>> {
  const verdicts: Array<Verdict<T>> = []
  let valid = 0
  let refused = 0
  for (const code of codes) {
    verdicts.push(code === 0 ? { class: 'valid', payload: payloads[valid++]! } : poison(CODES[code - 1]!, details[refused++]!))
  }
  return verdicts
}

const CODES = Object.keys(FAILURES) as FailureCode[]
