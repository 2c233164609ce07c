/**
 * The messages of a chunk's valid records, in the form that crosses a thread boundary at the least cost: memory that is
 * moved, instead of an object for each.
 */
export interface RoutedMessages {
  /** The values of all messages, nothing between them. */
  readonly bytes: ArrayBuffer
  /** Where each message's value ends. */
  readonly ends: Uint32Array
  /** The place of each message's destination. */
  readonly destinations: Uint16Array
  /** How many messages each record has become. */
  readonly counts: Uint16Array
}

/** Where messages go. */
export interface Output {
  /** The destination's name, as it is configured. */
  readonly name: string
  readonly topic: string
}

/**
 * A record on its road: the message that it becomes, or the first of several, whose `branches` go each its own way. It
 * looks into the memory of its chunk.
 */
export class RoutedRecord {
  readonly output: Output
  readonly #count: number
  #chunk: Chunk
  #first: number

  constructor (chunk: Chunk, first: number, count: number) {
    this.output = chunk.outputs[chunk.destinations[first]!]!
    this.#chunk = chunk
    this.#first = first
    this.#count = count
  }

  /** One for each destination; `undefined` when there is one only. */
  get branches (): readonly RoutedRecord[] | undefined {
    if (this.#count === 1) return undefined
    return Array.from({ length: this.#count }, (_, index) => new RoutedRecord(this.#chunk, this.#first + index, 1))
  }

  /** The message's value. */
  get value (): Buffer {
    const { buffer, ends } = this.#chunk
    return buffer.subarray(startOf(ends, this.#first), ends[this.#first])
  }

  get bytes (): number {
    const { ends } = this.#chunk
    return ends[this.#first]! - startOf(ends, this.#first)
  }

  /** For a record that stays for long: keeps nothing of its chunk but itself. */
  detach (): void {
    const { ends, destinations, outputs, buffer } = this.#chunk
    if (ends.length === this.#count) return
    const start = startOf(ends, this.#first)
    const past = this.#first + this.#count
    const own = Buffer.allocUnsafeSlow(ends[past - 1]! - start)
    buffer.copy(own, 0, start)
    this.#chunk = {
      buffer: own,
      ends: ends.slice(this.#first, past).map(end => end - start),
      destinations: destinations.slice(this.#first, past),
      outputs
    }
    this.#first = 0
  }
}

/** The records of a chunk, in order. `outputs` are those that the messages were written for. */
export function unpackRouted ({ bytes, ends, destinations, counts }: RoutedMessages, outputs: readonly Output[]): RoutedRecord[] {
  const chunk: Chunk = { buffer: Buffer.from(bytes), ends, destinations, outputs }
  const records: RoutedRecord[] = []
  let first = 0
  for (const count of counts) {
    records.push(new RoutedRecord(chunk, first, count))
    first += count
  }
  return records
}

interface Chunk {
  readonly buffer: Buffer
  readonly ends: Uint32Array
  readonly destinations: Uint16Array
  readonly outputs: readonly Output[]
}

function startOf (ends: Uint32Array, message: number): number {
  return message === 0 ? 0 : ends[message - 1]!
}
