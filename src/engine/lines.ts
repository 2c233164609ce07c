import { type Flight } from './flight.js'
import { Sequencer, type Place } from './sequencer.js'
import { type StageRunner } from './stage-runner.js'

/**
 * The lines before every stage but the first, which records enter in the order of their polls anyway. A replay stands
 * in no line: its turn has passed.
 */
export class Lines<T> {
  readonly #runners: ReadonlyArray<StageRunner<T>>
  readonly #sequencers: ReadonlyArray<Sequencer<T>>

  constructor (runners: ReadonlyArray<StageRunner<T>>) {
    this.#runners = runners
    this.#sequencers = runners.map(runner => new Sequencer(flight => {
      // Of several that were dropped together, the first to leave lets the next through.
      if (!flight.settled) runner.push(flight)
    }))
  }

  /** Takes a place in all lines. Called in source order. */
  join (flight: Flight<T>): void {
    if (flight.origin.replay || this.#runners.length < 2) return
    const places: Array<Place<T> | undefined> = [undefined]
    for (let index = 1; index < this.#sequencers.length; index++) {
      places.push(this.#sequencers[index]?.join(flight, this.#laneKey(index, flight)))
    }
    flight.places = places
  }

  /** The record has passed the stages before this one, and enters it when its turn comes. */
  ready (flight: Flight<T>, index: number): void {
    const place = flight.places?.[index]
    if (place === undefined) this.#runners[index]?.push(flight)
    else this.#sequencers[index]?.ready(place)
  }

  /** Gives up all places: the record's fate is decided, and what stands behind it need not wait. */
  leave (flight: Flight<T>): void {
    const places = flight.places
    if (places === undefined) return
    flight.places = undefined
    for (let index = 1; index < places.length; index++) {
      const place = places[index]
      if (place !== undefined) this.#sequencers[index]?.leave(place)
    }
  }

  #laneKey (index: number, flight: Flight<T>): string {
    const { stage } = this.#runners[index] as StageRunner<T>
    return stage.batchKey === undefined ? stage.orderKey(flight) : `${stage.batchKey(flight)} ${stage.orderKey(flight)}`
  }
}
