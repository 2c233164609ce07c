import { type RoutingEntry } from '../../../src/generator/ledger.js'

/**
 * When a record had its end: its dead letter, or the message for the last of its destinations. `firstAt`: when the first
 * message was appended, by `messageKey`.
 */
export function routedEnds (firstAt: ReadonlyMap<string, number>, letters: ReadonlyMap<string, { readonly at: number }>): (entry: RoutingEntry, place: string) => number {
  return ({ expected, destinations }, place) => expected === 'valid'
    ? Math.max(...destinations.map(destination => firstAt.get(messageKey(place, destination)) ?? Infinity))
    : letters.get(place)?.at ?? Infinity
}

/** Of the message that a record, by its place, becomes for a destination. */
export function messageKey (place: string, destination: string): string {
  return `${place} ${destination.toLowerCase()}`
}
