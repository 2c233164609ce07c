/** https://kafka.apache.org/protocol#The_Messages_Produce */
export const PRODUCE = 0

/** Produce requests of one client that the broker has done, and whose answers do not come. */
export class HeldAnswers {
  /** When the client's last produce request came, in ms since 1970. */
  lastAt = 0
  #clientId: string | undefined
  #held: Array<() => void> = []

  /** From now on. */
  hold (clientId: string): void {
    this.#clientId = clientId
  }

  /** All that were held back come now, as far as anybody still waits for them. */
  release (): void {
    this.#clientId = undefined
    for (const answer of this.#held.splice(0)) answer()
  }

  get count (): number {
    return this.#held.length
  }

  /** A produce request is on its way: whether its answer will have to `wait`. */
  meet (clientId: string): boolean {
    if (clientId !== this.#clientId) return false
    this.lastAt = Date.now()
    return true
  }

  wait (answer: () => void): void {
    if (this.#clientId === undefined) answer()
    else this.#held.push(answer)
  }
}
