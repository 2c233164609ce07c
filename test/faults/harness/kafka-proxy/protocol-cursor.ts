/**
 * Walks through a frame of the Kafka protocol. `flexible`: strings and arrays are compact, and tagged fields follow each
 * structure. https://kafka.apache.org/protocol#protocol_types
 */
export class ProtocolCursor {
  position: number
  readonly #bytes: Buffer
  readonly #flexible: boolean

  constructor (bytes: Buffer, position: number, flexible: boolean) {
    this.#bytes = bytes
    this.position = position
    this.#flexible = flexible
  }

  int16 (): number {
    return this.#bytes.readInt16BE(this.#advance(2))
  }

  int32 (): number {
    return this.#bytes.readInt32BE(this.#advance(4))
  }

  int64 (): number {
    return Number(this.#bytes.readBigInt64BE(this.#advance(8)))
  }

  /** `null` for a string that is absent. */
  string (): string | null {
    const length = this.#flexible ? this.#varint() - 1 : this.int16()
    if (length < 0) return null
    const start = this.#advance(length)
    return this.#bytes.toString('utf8', start, start + length)
  }

  array<V> (read: () => V): V[] {
    const length = this.#flexible ? this.#varint() - 1 : this.int32()
    return Array.from({ length: Math.max(0, length) }, read)
  }

  /** Tagged fields, which end each structure of a flexible version. */
  skipTags (): void {
    if (!this.#flexible) return
    for (let left = this.#varint(); left > 0; left--) {
      this.#varint()
      this.#advance(this.#varint())
    }
  }

  #varint (): number {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = this.#bytes.readUInt8(this.#advance(1))
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
  }

  /** Where it stood before. */
  #advance (bytes: number): number {
    const start = this.position
    this.position += bytes
    return start
  }
}
