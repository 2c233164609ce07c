import { type Lane } from './lane.js'

/** Lanes in the order they came, linked through themselves: any of them leaves at no cost. A lane is in one list at most. */
export class LaneList<T> {
  #first: Lane<T> | undefined
  #last: Lane<T> | undefined

  get first (): Lane<T> | undefined {
    return this.#first
  }

  push (lane: Lane<T>): void {
    lane.list = this
    lane.before = this.#last
    if (this.#last === undefined) this.#first = lane
    else this.#last.after = lane
    this.#last = lane
  }

  delete (lane: Lane<T>): void {
    if (lane.before === undefined) this.#first = lane.after
    else lane.before.after = lane.after
    if (lane.after === undefined) this.#last = lane.before
    else lane.after.before = lane.before
    lane.list = undefined
    lane.before = undefined
    lane.after = undefined
  }
}
