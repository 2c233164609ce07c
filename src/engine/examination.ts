import { backoffDelay, type Backoff } from './backoff.js'
import { type Clock } from './clock.js'
import { type Examiner, type Verdict } from './examiner.js'
import { Fifo } from './fifo.js'
import { type Flight } from './flight.js'
import { type Incidents, type Observer } from './observer.js'

interface Chunk<T> {
  readonly flights: ReadonlyArray<Flight<T>>
  verdicts: ReadonlyArray<Verdict<T>> | undefined
}

/**
 * Has chunks examined side by side and hands their verdicts on in the order of their polls, so that a partition's
 * records enter the first stage in offset order. When nothing can be examined, a chunk is tried again until it can.
 */
export class Examination<T> {
  readonly #examiner: Examiner<T>
  readonly #decided: (flight: Flight<T>, verdict: Verdict<T>) => void
  readonly #chunkEnded: () => void
  readonly #clock: Clock
  readonly #backoff: Backoff
  readonly #observer: Observer
  readonly #incidents: Incidents
  readonly #chunks = new Fifo<Chunk<T>>()
  #closed = false

  constructor (options: {
    examiner: Examiner<T>
    decided: (flight: Flight<T>, verdict: Verdict<T>) => void
    chunkEnded: () => void
    clock: Clock
    backoff: Backoff
    observer: Observer
    incidents: Incidents
  }) {
    this.#examiner = options.examiner
    this.#decided = options.decided
    this.#chunkEnded = options.chunkEnded
    this.#clock = options.clock
    this.#backoff = options.backoff
    this.#observer = options.observer
    this.#incidents = options.incidents
  }

  push (flights: ReadonlyArray<Flight<T>>): void {
    const chunk: Chunk<T> = { flights, verdicts: undefined }
    this.#chunks.push(chunk)
    this.#examine(chunk, 0)
  }

  close (): void {
    this.#closed = true
  }

  #examine (chunk: Chunk<T>, tries: number): void {
    const startedAt = this.#clock.now()
    // A record that was dropped meanwhile has no bytes left, and its verdict is ignored.
    this.#examiner.examine(chunk.flights.map(flight => flight.record)).then(verdicts => {
      if (verdicts.length !== chunk.flights.length) throw new RangeError('the examiner did not answer for every record')
      chunk.verdicts = verdicts
      this.#observer.examined(verdicts.length, verdicts.reduce((valid, verdict) => valid + (verdict.class === 'valid' ? 1 : 0), 0), this.#clock.now() - startedAt)
      this.#advance()
    }).catch((error: unknown) => {
      if (this.#closed) return
      this.#incidents.examinerFailed(error)
      this.#clock.setTimer(() => { if (!this.#closed) this.#examine(chunk, tries + 1) }, backoffDelay(this.#backoff, tries))
    })
  }

  #advance (): void {
    if (this.#closed) return
    for (let head = this.#chunks.peek(); head?.verdicts !== undefined; head = this.#chunks.peek()) {
      this.#chunks.shift()
      for (const [index, flight] of head.flights.entries()) this.#decided(flight, head.verdicts[index] as Verdict<T>)
    }
    this.#chunkEnded()
  }
}
