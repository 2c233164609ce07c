import { type Inversion } from './report.js'

/** Where a record stands in the topic. */
interface Place {
  readonly partition: number
  readonly offset: number
}

/**
 * Which record a message comes from, as its row says it, and whether first acceptances keep the order of the records.
 * An event whose row was never written has no place, nor has one that was written from several.
 */
export class AcceptanceOrder {
  readonly inverted: Inversion[] = []
  readonly #places = new Map<string, Place | 'several'>()
  /** The highest offset accepted so far, by queue, group and partition. */
  readonly #highest = new Map<string, number>()

  stored (event: string, partition: number, offset: number): void {
    const known = this.#places.get(event)
    if (known === undefined) this.#places.set(event, { partition, offset })
    else if (known !== 'several' && (known.partition !== partition || known.offset !== offset)) this.#places.set(event, 'several')
  }

  /** Returns the event's place. */
  accepted (queue: string, group: string, event: string): Place | undefined {
    const place = this.#places.get(event)
    if (place === undefined || place === 'several') return undefined
    const { partition, offset } = place
    const lane = `${queue} ${group} ${partition}`
    const after = this.#highest.get(lane) ?? -1
    if (offset < after) this.inverted.push({ queue, group, partition, offset, after })
    else this.#highest.set(lane, offset)
    return place
  }
}
