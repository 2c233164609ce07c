/**
 * Numbers for the record at `index`, from nothing but seed and index: any record of a run can be made again without
 * those before it. splitmix32, https://doi.org/10.1145/2714064.2660195 in its 32-bit form; not for secrets.
 */
export class Random {
  #state: number

  constructor (seed: number, index: number) {
    this.#state = Math.imul(seed | 0, 0x9E3779B1) ^ Math.imul(index + 1, 0x85EBCA6B)
  }

  /** 0 to 2^32 - 1 */
  uint32 (): number {
    this.#state = (this.#state + 0x9E3779B9) | 0
    let mixed = this.#state ^ (this.#state >>> 16)
    mixed = Math.imul(mixed, 0x21F0AAAD)
    mixed ^= mixed >>> 15
    mixed = Math.imul(mixed, 0x735A2D97)
    return (mixed ^ (mixed >>> 15)) >>> 0
  }

  /** 0 to below - 1 */
  below (below: number): number {
    return Math.floor(this.fraction() * below)
  }

  /** 0 to 1, without 1 */
  fraction (): number {
    return this.uint32() / 0x1_0000_0000
  }

  pick<T> (items: readonly T[]): T {
    return items[this.below(items.length)]!
  }
}
