import { type EventFields } from './event.js'

/**
 * The fields of many events in the form that crosses a thread boundary at the least cost: one string and a few typed
 * arrays instead of an object and eight values for each.
 */
export interface EventColumns {
  /** uid, created_at and deduplication id of each event, one after the other. */
  readonly text: string
  /** Of each event the lengths of these three. */
  readonly lengths: Uint32Array
  /** The distinct contexts, event types and clients. */
  readonly words: readonly string[]
  /** Of each event the places of these three in `words`. */
  readonly places: Uint32Array
  readonly flags: Uint8Array
}

export function encodeEvents (events: readonly EventFields[]): EventColumns {
  const parts: string[] = []
  const lengths = new Uint32Array(3 * events.length)
  const places = new Uint32Array(3 * events.length)
  const flags = new Uint8Array(events.length)
  const words = new Map<string, number>()
  const placeOf = (word: string): number => {
    let place = words.get(word)
    if (place === undefined) words.set(word, place = words.size)
    return place
  }
  let at = 0
  for (let index = 0; index < events.length; index++) {
    const event = events[index]!
    parts.push(event.uid, event.createdAt, event.deduplicationId)
    places[at] = placeOf(event.context)
    lengths[at++] = event.uid.length
    places[at] = placeOf(event.eventType)
    lengths[at++] = event.createdAt.length
    places[at] = placeOf(event.client)
    lengths[at++] = event.deduplicationId.length
    flags[index] = (event.hasExtras ? EXTRAS : 0) | (event.needsEscapes ? ESCAPES : 0)
  }
  return { text: parts.join(''), lengths, words: [...words.keys()], places, flags }
}

export function decodeEvents (columns: EventColumns): EventFields[] {
  const { text, lengths, words, places, flags } = columns
  const events: EventFields[] = []
  let start = 0
  for (let index = 0, at = 0; index < flags.length; index++, at += 3) {
    const uidEnd = start + lengths[at]!
    const createdAtEnd = uidEnd + lengths[at + 1]!
    const end = createdAtEnd + lengths[at + 2]!
    events.push({
      uid: text.slice(start, uidEnd),
      context: words[places[at]!]!,
      eventType: words[places[at + 1]!]!,
      client: words[places[at + 2]!]!,
      createdAt: text.slice(uidEnd, createdAtEnd),
      hasExtras: (flags[index]! & EXTRAS) !== 0,
      needsEscapes: (flags[index]! & ESCAPES) !== 0,
      deduplicationId: text.slice(createdAtEnd, end)
    })
    start = end
  }
  return events
}

const EXTRAS = 1
const ESCAPES = 2
