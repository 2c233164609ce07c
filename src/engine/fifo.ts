/** A queue that neither moves its elements on `shift` nor counts them on `length`. */
export class Fifo<E> {
  #items: Array<E | undefined> = []
  #head = 0

  get length (): number {
    return this.#items.length - this.#head
  }

  peek (): E | undefined {
    return this.#items[this.#head]
  }

  push (element: E): void {
    this.#items.push(element)
  }

  shift (): E | undefined {
    if (this.#head === this.#items.length) return undefined
    const element = this.#items[this.#head]
    this.#items[this.#head] = undefined
    this.#head++
    if (this.#head === this.#items.length) {
      this.#items.length = 0
      this.#head = 0
    } else if (this.#head >= 1024 && this.#head * 2 >= this.#items.length) {
      this.#items.splice(0, this.#head)
      this.#head = 0
    }
    return element
  }

  /** Puts elements before all others, in the order given. */
  unshift (elements: readonly E[]): void {
    this.#items.splice(0, this.#head, ...elements)
    this.#head = 0
  }

  /** Removes what the predicate names and returns it. */
  remove (predicate: (element: E) => boolean): E[] {
    const removed: E[] = []
    const kept: Array<E | undefined> = []
    for (const element of this) (predicate(element) ? removed : kept).push(element)
    this.#items = kept
    this.#head = 0
    return removed
  }

  * [Symbol.iterator] (): IterableIterator<E> {
    for (let at = this.#head; at < this.#items.length; at++) yield this.#items[at] as E
  }
}
