import { type Type } from 'avsc'
import { type ProcessorToConsumer } from './schemas.js'

const FIRST_BYTES = 256 * 1024
/** What a chunk of uncommonly large records needed is not kept for the next. */
const KEPT_BYTES = 8 * 1024 * 1024

/** How messages of one schema are written. */
export interface OutputSchema {
  /** See wire-format.ts. */
  readonly header: Buffer
  readonly type: Type
}

/** Writes messages one after the other into memory that grows as they need it. */
export class MessageWriter {
  #bytes = Buffer.allocUnsafeSlow(FIRST_BYTES)
  #length = 0

  get length (): number {
    return this.#length
  }

  clear (): void {
    this.#length = 0
    if (this.#bytes.length > KEPT_BYTES) this.#bytes = Buffer.allocUnsafeSlow(FIRST_BYTES)
  }

  write ({ header, type }: OutputSchema, message: ProcessorToConsumer): void {
    const start = this.#length
    let end = type.encode(message, this.#bytes, start + header.length)
    if (end < 0) {
      // It did not fit; what is missing is the negative of the answer.
      this.#grow(this.#bytes.length - end)
      end = type.encode(message, this.#bytes, start + header.length)
    }
    header.copy(this.#bytes, start)
    this.#length = end
  }

  /** All that was written, in memory of just its size; the writer begins anew. */
  take (): ArrayBuffer {
    const taken = this.#bytes.buffer.slice(0, this.#length)
    this.clear()
    return taken
  }

  #grow (needed: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#bytes.length))
    this.#bytes.copy(grown, 0, 0, this.#length)
    this.#bytes = grown
  }
}
