/**
 * Tells when polls have stopped coming back, which they do every few seconds whatever is sick: a client that hangs, and
 * that nothing but a restart cures. Time is counted in looks that were really taken, so that a process that was stopped
 * or stalled is not taken for dead when it wakes up.
 */
export class PollWatch {
  readonly #everyMs: number
  readonly #limitMs: number
  #polls: number | undefined
  #silentMs = 0

  /** `everyMs`: from look to look. `limitMs`: a silence that is longer is one for ever. */
  constructor (everyMs: number, limitMs: number) {
    this.#everyMs = everyMs
    this.#limitMs = limitMs
  }

  /** Takes a look at the number of polls so far; `undefined` while there is nothing to poll yet. True when they are silent for good. */
  isSilent (polls: number | undefined): boolean {
    this.#silentMs = polls === undefined || polls !== this.#polls ? 0 : this.#silentMs + this.#everyMs
    this.#polls = polls
    return this.#silentMs > this.#limitMs
  }
}
