import { randomUUID } from 'node:crypto'
import { type Flight } from '../../engine/flight.js'
import { fifoId } from './fifo-id.js'

/**
 * Deduplication ids of the retry queue. A repeated send of one hand-over has the id of the first, so that the queue
 * keeps one message.
 *
 * - Passes of one record are told apart by their count: by the record's identity alone the queue would drop the second
 *   hand-over, and the record would be lost with the message that is deleted after it.
 * - A record that has not passed its first stage is told apart each time it is read: when it is read again, because its
 *   offset was not committed, what is below it is written again as well. Were its second hand-over dropped in favour of
 *   one that has ended meanwhile, an older row would be the last.
 */
export class HandOverIds<T> {
  readonly #readings = new WeakMap<Flight<T>, string>()

  of (flight: Flight<T>): string {
    const { record, retryCount, handedOverFrom } = flight
    const id = `${record.topic}:${record.partition}:${record.offset}:${retryCount}`
    return fifoId(handedOverFrom === 0 ? `${id}:${this.#readingOf(flight)}` : id)
  }

  #readingOf (flight: Flight<T>): string {
    let reading = this.#readings.get(flight)
    if (reading === undefined) this.#readings.set(flight, reading = randomUUID())
    return reading
  }
}
