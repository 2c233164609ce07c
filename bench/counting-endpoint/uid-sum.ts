/**
 * A fingerprint of a set of uids that does not depend on their order: with the count it tells whether every uid came
 * once, since a loss and a repetition do not cancel out. https://en.wikipedia.org/wiki/Fowler–Noll–Vo_hash_function (1a)
 */
export class UidSum {
  count = 0
  #sum = 0
  #xor = 0

  /** The uid that stands in `text` from `start` to the next quotation mark. */
  add (text: string, start: number): void {
    let hash = OFFSET_BASIS
    for (let at = start; at < text.length; at++) {
      const code = text.charCodeAt(at)
      if (code === QUOTATION_MARK) break
      hash = Math.imul(hash ^ code, PRIME)
    }
    this.count++
    this.#sum = (this.#sum + hash) | 0
    this.#xor = (this.#xor ^ hash) | 0
  }

  /** Of another set, made in another process. */
  addFingerprint (fingerprint: string): void {
    const [count = 0, sum = 0, xor = 0] = fingerprint.split('/').map(Number)
    this.count += count
    this.#sum = (this.#sum + sum) | 0
    this.#xor = (this.#xor ^ xor) | 0
  }

  get fingerprint (): string {
    return `${this.count}/${this.#sum >>> 0}/${this.#xor >>> 0}`
  }
}

const OFFSET_BASIS = 0x811C9DC5 | 0
const PRIME = 0x01000193
const QUOTATION_MARK = 0x22
