import { isUtf8 } from 'node:buffer'

/** The bytes are no value of their schema. The message never holds any of them. */
export class MalformedAvro extends Error {
  /** Text in a string is not UTF-8, which is the one defect that has a code of its own. */
  readonly text: boolean

  constructor (detail: string, text = false) {
    super(detail)
    this.name = 'MalformedAvro'
    this.text = text
  }
}

/**
 * Reads values in Avro's binary encoding, strictly: nothing is read past the end, no varint is longer than its type
 * takes, no length or count exceeds what is left. Nothing is allocated by what the bytes claim. Throws `MalformedAvro`.
 * https://avro.apache.org/docs/1.12.0/specification/#binary-encoding
 */
export class AvroCursor {
  bytes: Buffer = NONE
  at = 0
  /** How deep the value at hand is nested. */
  depth = 0

  begin (bytes: Buffer, at: number): void {
    this.bytes = bytes
    this.at = at
    this.depth = 0
  }

  get left (): number {
    return this.bytes.length - this.at
  }

  skip (bytes: number): void {
    if (bytes > this.bytes.length - this.at) throw new MalformedAvro(TRUNCATED)
    this.at += bytes
  }

  boolean (): void {
    const byte = this.bytes[this.at]
    if (byte === undefined) throw new MalformedAvro(TRUNCATED)
    if (byte > 1) throw new MalformedAvro('a boolean is neither 0 nor 1')
    this.at++
  }

  skipInt (): void {
    this.#skipVarint(INT_BYTES, INT_LAST_BYTE)
  }

  skipLong (): void {
    this.#skipVarint(LONG_BYTES, LONG_LAST_BYTE)
  }

  /** A long that counts something. Exact up to 2^53, which nothing countable reaches. */
  long (): number {
    const { bytes } = this
    const start = this.at
    const first = bytes[start]
    if (first !== undefined && first < 0x80) {
      this.at = start + 1
      return first >>> 1 ^ -(first & 1)
    }
    this.skipLong()
    let unsigned = 0
    let factor = 1
    for (let at = start; at < this.at; at++, factor *= 0x80) unsigned += (bytes[at]! & 0x7F) * factor
    return unsigned % 2 === 0 ? unsigned / 2 : -(unsigned + 1) / 2
  }

  /** Of a string or of bytes, which follow. */
  length (): number {
    const length = this.long()
    if (length < 0) throw new MalformedAvro('a length is negative')
    if (length > this.bytes.length - this.at) throw new MalformedAvro('a length exceeds what is left of the record')
    return length
  }

  skipBytes (): void {
    const length = this.length()
    this.at += length
  }

  skipString (): void {
    const length = this.length()
    const start = this.at
    const end = start + length
    const { bytes } = this
    this.at = end
    if (length > MAX_CHECKED_HERE) {
      checkUtf8(bytes, start, end)
      return
    }
    for (let at = start; at < end; at++) {
      if (bytes[at]! < 0x80) continue
      checkUtf8(bytes, at, end)
      return
    }
  }

  #skipVarint (maxBytes: number, maxLastByte: number): void {
    const { bytes } = this
    const start = this.at
    let byte
    do {
      byte = bytes[this.at]
      if (byte === undefined) throw new MalformedAvro(TRUNCATED)
      this.at++
      if (this.at - start === maxBytes && byte > maxLastByte) throw new MalformedAvro('a number is longer than its type takes')
    } while (byte >= 0x80)
  }
}

function checkUtf8 (bytes: Buffer, start: number, end: number): void {
  if (!isUtf8(bytes.subarray(start, end))) throw new MalformedAvro('a string is not UTF-8', true)
}

const NONE = Buffer.alloc(0)
const TRUNCATED = 'the record ends before its value does'

/** 32 and 64 bits in groups of 7, and what the last group may hold. */
const INT_BYTES = 5
const INT_LAST_BYTE = 0x0F
const LONG_BYTES = 10
const LONG_LAST_BYTE = 0x01

/** Up to here looking at each byte is cheaper than a call out of JavaScript. */
const MAX_CHECKED_HERE = 32
