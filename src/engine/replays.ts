import { type Clock } from './clock.js'
import { type Credit } from './credit.js'
import { type Examination } from './examination.js'
import { fromWallTimes, type OpenCalls } from './doubts.js'
import { Flight } from './flight.js'
import { type Observer } from './observer.js'
import { ReplayOrigin, type ReplayMessage, type ReplayOwner } from './replay.js'
import { type Road } from './road.js'
import { type Waits } from './waits.js'

export interface ReplaysOptions<T> {
  readonly credit: Credit
  readonly examination: Examination<T>
  readonly road: Road<T>
  readonly waits: Waits
  readonly clock: Clock
  readonly observer: Observer
  readonly settled: (flight: Flight<T>) => void
  /** Credit was given back. */
  readonly released: () => void
}

const KEPT_OPEN_CALLS = 10_000

/** Records of the retry queue: the same road, without a place in any line, on a credit of their own. */
export class Replays<T> implements ReplayOwner<T> {
  readonly #options: ReplaysOptions<T>
  /** Of records that went back: their messages in the retry queue know nothing of calls since. Oldest first. */
  readonly #openCalls = new Map<string, OpenCalls>()
  #draining = false

  constructor (options: ReplaysOptions<T>) {
    this.#options = options
  }

  get records (): number {
    return this.#options.credit.records
  }

  /** Messages that may be taken up now. */
  get available (): number {
    return this.#draining ? 0 : this.#options.credit.available
  }

  take (messages: readonly ReplayMessage[]): void {
    if (messages.length === 0) return
    const { clock, credit, observer, examination } = this.#options
    const polledAt = clock.now()
    let bytes = 0
    const flights = messages.map(message => {
      const flight = new Flight<T>(message.record, new ReplayOrigin<T>(message, this), polledAt)
      flight.attempts = message.attempts
      flight.failure = message.failure
      flight.openCalls = this.#takeOpenCalls(flight) ?? fromWallTimes(message.unansweredAt, clock)
      bytes += flight.bytes
      return flight
    })
    credit.acquire(flights.length, bytes)
    observer.replayed(flights.length)
    examination.push(flights)
  }

  /** Sends what waits back to the retry queue, and awaits what is in a call or on its way to a sink. */
  async drain (timeoutMs: number): Promise<boolean> {
    this.#draining = true
    this.sendBack()
    return await this.#options.waits.until(() => this.records === 0, timeoutMs)
  }

  /** Once draining, what came out of a call and waits again goes back too. */
  sendBack (): void {
    if (this.#draining && this.records > 0) this.postpone(this.#options.road.removeFromStages(flight => flight.origin.replay), 0)
  }

  /** Back to the retry queue without an attempt burnt, to be seen again after `delayMs`. */
  postpone (flights: ReadonlyArray<Flight<T>>, delayMs: number): void {
    if (flights.length === 0) return
    for (const flight of flights) {
      this.#keepOpenCalls(flight)
      flight.origin.postpone?.(flight, delayMs)
    }
    this.#options.observer.postponed(flights.length)
    this.#options.released()
  }

  settledReplay (flight: Flight<T>): void {
    this.#options.credit.release(1, flight.bytes)
    this.#options.settled(flight)
  }

  postponed (flight: Flight<T>): void {
    this.#options.credit.release(1, flight.bytes)
  }

  #keepOpenCalls (flight: Flight<T>): void {
    if (flight.openCalls === undefined) return
    this.#openCalls.set(placeOf(flight), flight.openCalls)
    if (this.#openCalls.size <= KEPT_OPEN_CALLS) return
    const [oldest] = this.#openCalls.keys()
    this.#openCalls.delete(oldest as string)
  }

  #takeOpenCalls (flight: Flight<T>): OpenCalls | undefined {
    if (this.#openCalls.size === 0) return undefined
    const place = placeOf(flight)
    const calls = this.#openCalls.get(place)
    this.#openCalls.delete(place)
    return calls
  }
}

function placeOf<T> ({ record }: Flight<T>): string {
  return `${record.topic}:${record.partition}:${record.offset}`
}
