import { type Flight } from './flight.js'
import { type Place } from './sequencer.js'
import { type StageRunner } from './stage-runner.js'

/**
 * The lines before every stage but the first, which records enter in the order of their polls anyway. A replay stands
 * in no line: its turn has passed.
 */
export class Lines<T> {
  readonly #runners: ReadonlyArray<StageRunner<T>>

  constructor (runners: ReadonlyArray<StageRunner<T>>) {
    this.#runners = runners
  }

  /** Takes a place in all lines. Called in source order. */
  join (flight: Flight<T>): void {
    if (flight.origin.replay) return
    let place: Place | undefined
    for (let index = this.#runners.length - 1; index > 0; index--) place = this.#runners[index]?.join(flight, place)
    flight.place = place
  }

  /** The record has passed the stages before this one, and enters it when its turn comes. */
  ready (flight: Flight<T>, index: number): void {
    let { place } = flight
    for (let before = 1; before < index; before++) place = place?.next
    if (place === undefined) this.#runners[index]?.push(flight)
    else place.ready()
  }

  /** Gives up all places: the record's fate is decided, and what stands behind it need not wait. */
  leave (flight: Flight<T>): void {
    const { place } = flight
    flight.place = undefined
    for (let each = place; each !== undefined; each = each.next) each.leave()
  }
}
