import { type Report } from '../../../bench/recording-endpoint/report.js'
import { type LedgerEntry } from '../../../src/generator/ledger.js'

/** When an event had its end: its message was accepted by its queue, it was accepted by the retry queue, or its dead letter was made. */
export function eventEnds ({ acceptedAt = {}, handedOver = [] }: Pick<Report, 'acceptedAt' | 'handedOver'>, letters: ReadonlyMap<string, { readonly at: number }>): (entry: LedgerEntry, place: string) => number {
  const handedOverAt = new Map<string, number>()
  for (const { partition, offset, at } of handedOver) {
    const place = `${partition}:${offset}`
    handedOverAt.set(place, Math.min(at, handedOverAt.get(place) ?? Infinity))
  }
  return ({ uid = '' }, place) => Math.min(acceptedAt[uid] ?? Infinity, handedOverAt.get(place) ?? Infinity, letters.get(place)?.at ?? Infinity)
}
