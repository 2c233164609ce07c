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
  /** Each by itself: cut out of one long string, a single uid would keep all of them in memory. */
  readonly uids: readonly string[]
  /** The MD5 of the bodies in hexadecimal digits, one after the other. */
  readonly digests: string
  /** The distinct clients and message groups. */
  readonly words: readonly string[]
}

/** What `numbers` holds of an event. */
export const COLUMN = { itemEnd: 0, membersEnd: 1, itemBytes: 2, bodyBytes: 3, client: 4, groupId: 5 } as const
export const COLUMNS = Object.keys(COLUMN).length
export const DIGEST_CHARACTERS = 32

/** An event on its road: the row and the entry that the stages send. It looks into the memory of its chunk. */
export class EncodedEvent implements Row, Entry {
  readonly uid: string
  readonly client: string
  readonly groupId: string
  #chunk: Chunk
  #index: number

  constructor (chunk: Chunk, index: number) {
    const { numbers, words } = chunk
    const at = index * COLUMNS
    this.uid = chunk.uids[index]!
    this.client = words[numbers[at + COLUMN.client]!]!
    this.groupId = words[numbers[at + COLUMN.groupId]!]!
    this.#chunk = chunk
    this.#index = index
  }

  /** Of the row. */
  get key (): string {
    return this.uid
  }

  get item (): Fragment {
    return { bytes: this.#chunk.buffer, start: this.#start, end: this.#number(COLUMN.itemEnd) }
  }

  get itemBytes (): number {
    return this.#number(COLUMN.itemBytes)
  }

  get members (): Fragment {
    return { bytes: this.#chunk.buffer, start: this.#number(COLUMN.itemEnd), end: this.#number(COLUMN.membersEnd) }
  }

  /** Of the entry. */
  get bytes (): number {
    return this.#number(COLUMN.bodyBytes)
  }

  get md5 (): string {
    const start = this.#index * DIGEST_CHARACTERS
    return this.#chunk.digests.slice(start, start + DIGEST_CHARACTERS)
  }

  /** For an event that stays for long: keeps nothing of its chunk but itself. */
  detach (): void {
    if (this.#chunk.uids.length === 1) return
    const { buffer, numbers } = this.#chunk
    const start = this.#start
    const alone = numbers.slice(this.#index * COLUMNS, (this.#index + 1) * COLUMNS)
    const own = Buffer.allocUnsafeSlow(alone[COLUMN.membersEnd]! - start)
    buffer.copy(own, 0, start)
    alone[COLUMN.itemEnd]! -= start
    alone[COLUMN.membersEnd]! -= start
    this.#chunk = { buffer: own, numbers: alone, uids: [this.uid], digests: Buffer.from(this.md5).toString(), words: [] }
    this.#index = 0
  }

  get #start (): number {
    return this.#index === 0 ? 0 : this.#chunk.numbers[(this.#index - 1) * COLUMNS + COLUMN.membersEnd]!
  }

  #number (column: number): number {
    return this.#chunk.numbers[this.#index * COLUMNS + column]!
  }
}

type Chunk = Omit<EncodedEvents, 'bytes'> & { readonly buffer: Buffer }

export function decodeEvents ({ bytes, ...others }: EncodedEvents): EncodedEvent[] {
  const chunk: Chunk = { ...others, buffer: Buffer.from(bytes) }
  return chunk.uids.map((_, index) => new EncodedEvent(chunk, index))
}
