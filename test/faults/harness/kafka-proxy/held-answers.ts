/** Hands a held answer over; with an error code, the answer carries it, although the broker has done the request. */
export type Answer = (errorCode?: number) => void

/** Produce requests of one client that the broker has done, and whose answers do not come. */
export class HeldAnswers {
  /** When the client's last produce request came, in ms since 1970. */
  lastAt = 0
  #clientId: string | undefined
  #held: Answer[] = []

  /** From now on. */
  hold (clientId: string): void {
    this.#clientId = clientId
  }

  /** All that were held back come now, as far as anybody still waits for them; the first carries this error code. */
  release (firstErrorCode?: number): void {
    this.#clientId = undefined
    for (const [index, answer] of this.#held.splice(0).entries()) answer(index === 0 ? firstErrorCode : undefined)
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

  wait (answer: Answer): void {
    if (this.#clientId === undefined) answer()
    else this.#held.push(answer)
  }
}
