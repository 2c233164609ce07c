import { type Verdict } from '../engine/examiner.js'
import { FAILURES, type FailureCode } from '../errors.js'
import { poison, type Poison } from '../engine/outcome.js'
import { eachValue } from './packing.js'

/** What travels to a worker. */
export interface ChunkTask {
  /** See packing.ts. */
  readonly packed: ArrayBuffer
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

/** What a pipeline does with one value, and how what it found travels to the main thread. */
export interface ChunkExaminer<F> {
  examine (value: Buffer | null): Verdict<F>
  /** Must survive structured clone. */
  encode (found: readonly F[]): unknown
}

/** The worker's side: pure CPU work that can be killed at any time. */
export function serveChunk<F> (task: ChunkTask, examiner: ChunkExaminer<F>): ChunkAnswer {
  const progress = new Int32Array(task.progress)
  const count = new Int32Array(task.packed, 0, 1)[0]!
  const codes = new Uint8Array(count)
  const details: string[] = []
  const found: F[] = []
  eachValue(task.packed, (value, index) => {
    Atomics.store(progress, 0, index + 1)
    const verdict = examiner.examine(value)
    if (verdict.class === 'valid') {
      found.push(verdict.payload)
    } else {
      codes[index] = 1 + CODES.indexOf(verdict.code)
      details.push(verdict.detail)
    }
  })
  Atomics.store(progress, 0, count + 1)
  return { codes, details, valid: examiner.encode(found) }
}

/** The refusals of an answer by place; `undefined` where the value is valid. */
export function refusalsOf (answer: ChunkAnswer): Array<Poison | undefined> {
  let next = 0
  return Array.from(answer.codes, code => code === 0 ? undefined : poison(CODES[code - 1]!, answer.details[next++]!))
}

const CODES = Object.keys(FAILURES) as FailureCode[]
