import { Fifo } from './fifo.js'
import { type Flight } from './flight.js'

/** A record's place in the line before an ordered stage. */
export interface Place<T> {
  readonly flight: Flight<T>
  readonly line: Line<T>
  state: 'waiting' | 'ready' | 'gone'
}

interface Line<T> {
  readonly key: string
  readonly places: Fifo<Place<T>>
}

/**
 * Stands before an ordered stage and lets each lane's records through in the order of their source, although the calls
 * of the stages before it finish in any order. A record joins its line when it starts its road, is let through when it
 * is ready and everything before it has gone or been let through, and leaves as soon as its fate is decided elsewhere.
 */
export class Sequencer<T> {
  readonly #lines = new Map<string, Line<T>>()
  readonly #letThrough: (flight: Flight<T>) => void

  constructor (letThrough: (flight: Flight<T>) => void) {
    this.#letThrough = letThrough
  }

  join (flight: Flight<T>, key: string): Place<T> {
    let line = this.#lines.get(key)
    if (line === undefined) {
      line = { key, places: new Fifo() }
      this.#lines.set(key, line)
    }
    const place: Place<T> = { flight, line, state: 'waiting' }
    line.places.push(place)
    return place
  }

  ready (place: Place<T>): void {
    if (place.state !== 'waiting') return
    place.state = 'ready'
    if (place.line.places.peek() === place) this.#advance(place.line)
  }

  leave (place: Place<T>): void {
    if (place.state === 'gone') return
    place.state = 'gone'
    if (place.line.places.peek() === place) this.#advance(place.line)
  }

  #advance (line: Line<T>): void {
    for (let head = line.places.peek(); head !== undefined && head.state !== 'waiting'; head = line.places.peek()) {
      line.places.shift()
      if (head.state === 'ready') {
        head.state = 'gone'
        this.#letThrough(head.flight)
      }
    }
    if (line.places.length === 0) this.#lines.delete(line.key)
  }
}
