/** The time that deduplication and visibility go by: the machine's, and what a test has put on top of it. */
export class EndpointClock {
  #offsetMs = 0

  /** ms since 1970 */
  now (): number {
    return Date.now() + this.#offsetMs
  }

  advance (ms: number): void {
    this.#offsetMs += ms
  }
}
