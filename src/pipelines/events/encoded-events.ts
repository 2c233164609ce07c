import { type Fragment } from '../../connectors/aws/fragment.js'
import { type Row } from '../../connectors/dynamodb/row.js'
import { type Entry } from '../../connectors/sqs/entry.js'

/**
 * The valid events of a chunk, ready to be sent, in the form that crosses a thread boundary at the least cost: memory
 * that is moved, and a few values that are copied, instead of objects for each event.
 */
export interface EncodedEvents {
  /** Of each event the item of its row, then the members of its entry; nothing between them. */
  readonly bytes: ArrayBuffer
  /** `COLUMNS` numbers an event. */
  readonly numbers: Uint32Array
  /** The uids, and the MD5 of the bodies in hexadecimal digits, one after the other. */
  readonly uids: string
  readonly digests: string
  /** The distinct clients and message groups. */
  readonly words: readonly string[]
}

/** What `numbers` holds of an event. */
export const COLUMN = { itemEnd: 0, membersEnd: 1, itemBytes: 2, bodyBytes: 3, uidEnd: 4, client: 5, groupId: 6 } as const
export const COLUMNS = Object.keys(COLUMN).length
export const DIGEST_CHARACTERS = 32

/** An event on its road: the row and the entry that the stages send. */
export class EncodedEvent implements Row, Entry {
  readonly uid: string
  readonly client: string
  readonly groupId: string
  #events: Chunk
  #index: number

  constructor (events: Chunk, index: number, uid: string) {
    const { numbers, words } = events
    const at = index * COLUMNS
    this.uid = uid
    this.client = words[numbers[at + COLUMN.client]!]!
    this.groupId = words[numbers[at + COLUMN.groupId]!]!
    this.#events = events
    this.#index = index
  }

  /** Of the row. */
  get key (): string {
    return this.uid
  }

  get item (): Fragment {
    return { bytes: this.#events.buffer, start: this.#start, end: this.#number(COLUMN.itemEnd) }
  }

  get itemBytes (): number {
    return this.#number(COLUMN.itemBytes)
  }

  get members (): Fragment {
    return { bytes: this.#events.buffer, start: this.#number(COLUMN.itemEnd), end: this.#number(COLUMN.membersEnd) }
  }

  /** Of the entry. */
  get bytes (): number {
    return this.#number(COLUMN.bodyBytes)
  }

  get md5 (): string {
    const start = this.#index * DIGEST_CHARACTERS
    return this.#events.digests.slice(start, start + DIGEST_CHARACTERS)
  }

  get #start (): number {
    return this.#index === 0 ? 0 : this.#events.numbers[(this.#index - 1) * COLUMNS + COLUMN.membersEnd]!
  }

  #number (column: number): number {
    return this.#events.numbers[this.#index * COLUMNS + column]!
  }
}

type Chunk = EncodedEvents & { readonly buffer: Buffer }

export function decodeEvents (encoded: EncodedEvents): EncodedEvent[] {
  const { uids, numbers } = encoded
  const chunk: Chunk = { ...encoded, buffer: Buffer.from(encoded.bytes) }
  const events: EncodedEvent[] = []
  let uidStart = 0
  for (let index = 0, at = COLUMN.uidEnd as number; at < numbers.length; index++, at += COLUMNS) {
    const uidEnd = numbers[at]!
    events.push(new EncodedEvent(chunk, index, uids.slice(uidStart, uidEnd)))
    uidStart = uidEnd
  }
  return events
}
