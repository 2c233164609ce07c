import { backoffDelay, type Backoff } from './backoff.js'
import { type Clock, type Timer } from './clock.js'
import { type Examiner, type Verdict } from './examiner.js'
import { Fifo } from './fifo.js'
import { type Flight } from './flight.js'
import { type Incidents, type Observer } from './observer.js'

export interface ExaminationOptions<T> {
  readonly examiner: Examiner<T>
  readonly decided: (flight: Flight<T>, verdict: Verdict<T>) => void
  readonly chunkEnded: () => void
  readonly clock: Clock
  readonly backoff: Backoff
  readonly observer: Observer
  readonly incidents: Incidents
}

interface Chunk<T> {
  flights: ReadonlyArray<Flight<T>>
  verdicts: ReadonlyArray<Verdict<T>> | undefined
  tries: number
  retry: Timer | undefined
}

/**
 * Has chunks examined side by side and hands their verdicts on in the order of their polls, so that a partition's
 * records enter the first stage in offset order. When nothing can be examined, a chunk is tried again until it can.
 */
export class Examination<T> {
  readonly #options: ExaminationOptions<T>
  readonly #chunks = new Fifo<Chunk<T>>()
  #closed = false

  constructor (options: ExaminationOptions<T>) {
    this.#options = options
  }

  push (flights: ReadonlyArray<Flight<T>>): void {
    if (this.#closed) return
    const chunk: Chunk<T> = { flights, verdicts: undefined, tries: 0, retry: undefined }
    this.#chunks.push(chunk)
    this.#examine(chunk)
  }

  close (): void {
    this.#closed = true
    for (const chunk of this.#chunks) chunk.retry?.clear()
  }

  #examine (chunk: Chunk<T>): void {
    const startedAt = this.#options.clock.now()
    this.#options.examiner.examine(chunk.flights.map(flight => flight.record)).then(
      verdicts => {
        if (verdicts.length === chunk.flights.length) this.#examined(chunk, verdicts, startedAt)
        else this.#tryAgainLater(chunk, new RangeError('the examiner did not answer for every record'))
      },
      (error: unknown) => { this.#tryAgainLater(chunk, error) }
    )
  }

  #examined (chunk: Chunk<T>, verdicts: ReadonlyArray<Verdict<T>>, startedAt: number): void {
    if (this.#closed) return
    chunk.verdicts = verdicts
    const valid = verdicts.reduce((count, verdict) => verdict.class === 'valid' ? count + 1 : count, 0)
    this.#options.observer.examined(verdicts.length, valid, this.#options.clock.now() - startedAt)
    for (let head = this.#chunks.peek(); head?.verdicts !== undefined; head = this.#chunks.peek()) {
      this.#chunks.shift()
      const { flights, verdicts } = head
      for (let at = 0; at < flights.length; at++) this.#options.decided(flights[at] as Flight<T>, verdicts[at] as Verdict<T>)
    }
    this.#options.chunkEnded()
  }

  #tryAgainLater (chunk: Chunk<T>, error: unknown): void {
    if (this.#closed) return
    const { incidents, clock, backoff } = this.#options
    incidents.examinerFailed(error)
    chunk.retry = clock.setTimer(() => {
      chunk.retry = undefined
      // What was dropped meanwhile is not held any longer.
      chunk.flights = chunk.flights.filter(flight => !flight.settled)
      this.#examine(chunk)
    }, backoffDelay(backoff, chunk.tries++))
  }
}
