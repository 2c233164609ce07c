import { Fifo } from './fifo.js'
import { type Flight } from './flight.js'

/** A record's place in the line before an ordered stage. */
export interface Place {
  /** That before the stage that follows. */
  readonly next: Place | undefined
  /** The record may enter when its turn comes. */
  ready (): void
  leave (): void
}

interface Line<T> {
  readonly key: string
  readonly places: Fifo<PlaceInLine<T>>
}

/**
 * Stands before an ordered stage and lets each lane's records through in the order of their source, although the calls
 * of the stages before it finish in any order. A record joins its line when it starts its road, is let through when it
 * is ready and everything before it has gone or been let through, and leaves as soon as its fate is decided elsewhere.
 */
export class Sequencer<T> {
  readonly #lines = new Map<string, Line<T>>()
  readonly #letThrough: (flight: Flight<T>, key: string) => void

  constructor (letThrough: (flight: Flight<T>, key: string) => void) {
    this.#letThrough = letThrough
  }

  join (flight: Flight<T>, key: string, next?: Place): Place {
    let line = this.#lines.get(key)
    if (line === undefined) {
      line = { key, places: new Fifo() }
      this.#lines.set(key, line)
    }
    const place = new PlaceInLine<T>(flight, line, this, next)
    line.places.push(place)
    return place
  }

  /** Lets through what is ready at the head of the line. */
  advance (line: Line<T>): void {
    for (let head = line.places.peek(); head !== undefined && head.state !== 'waiting'; head = line.places.peek()) {
      line.places.shift()
      if (head.state === 'ready') {
        head.state = 'gone'
        this.#letThrough(head.flight, line.key)
      }
    }
    if (line.places.length === 0) this.#lines.delete(line.key)
  }
}

class PlaceInLine<T> implements Place {
  readonly flight: Flight<T>
  readonly next: Place | undefined
  readonly #line: Line<T>
  readonly #sequencer: Sequencer<T>
  state: 'waiting' | 'ready' | 'gone' = 'waiting'

  constructor (flight: Flight<T>, line: Line<T>, sequencer: Sequencer<T>, next: Place | undefined) {
    this.flight = flight
    this.next = next
    this.#line = line
    this.#sequencer = sequencer
  }

  ready (): void {
    if (this.state === 'waiting') this.#become('ready')
  }

  leave (): void {
    if (this.state !== 'gone') this.#become('gone')
  }

  #become (state: 'ready' | 'gone'): void {
    this.state = state
    if (this.#line.places.peek() === this) this.#sequencer.advance(this.#line)
  }
}
