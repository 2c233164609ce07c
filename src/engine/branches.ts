import { Flight, type Origin } from './flight.js'

/**
 * Splits a record into branches, each a flight of its own through all stages, with its own failures, holds and dead
 * letter. `ended` is told of each branch that has its end; the record has its own when all of them have.
 */
export function branchOff<T> (record: Flight<T>, payloads: readonly T[], ended: (branch: Flight<T>) => void): ReadonlyArray<Flight<T>> {
  const origin = new BranchOrigin<T>(record, payloads.length, ended)
  const branches = payloads.map(payload => {
    const branch = new Flight<T>(record.record, origin, record.polledAt)
    branch.payload = payload
    return branch
  })
  record.branches = branches
  return branches
}

/** The record's own origin for all of its branches, except that only the last end counts. */
class BranchOrigin<T> implements Origin<T> {
  readonly #record: Flight<T>
  readonly #ended: (branch: Flight<T>) => void
  #open: number

  constructor (record: Flight<T>, branches: number, ended: (branch: Flight<T>) => void) {
    this.#record = record
    this.#open = branches
    this.#ended = ended
  }

  get closed (): boolean {
    return this.#record.origin.closed
  }

  get draining (): boolean {
    return this.#record.origin.draining
  }

  get replay (): boolean {
    return this.#record.origin.replay
  }

  started (): void {
    this.#record.origin.started(this.#record)
  }

  settle (branch: Flight<T>): void {
    // What was dropped with its epoch is settled too, and its late ends are counted.
    if (branch.settled && !this.closed) return
    branch.settled = true
    this.#ended(branch)
    if (--this.#open === 0) this.#record.origin.settle(this.#record)
  }
}
