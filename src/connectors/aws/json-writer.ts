/** Kept between uses; what a few large records have made it grow beyond is given back. */
const KEPT_BYTES = 1024 * 1024

/**
 * Writes JSON text, in UTF-8, into memory that grows, piece by piece: nothing is checked, and commas are the caller's
 * business.
 */
export class JsonWriter {
  #bytes = Buffer.allocUnsafeSlow(KEPT_BYTES)
  #length = 0

  /** Bytes written since the last `take`. */
  get length (): number {
    return this.#length
  }

  /** Ready JSON. */
  raw (json: Uint8Array): void {
    this.#reserve(json.length)
    this.#bytes.set(json, this.#length)
    this.#length += json.length
  }

  /** Ready JSON of ASCII characters alone. */
  ascii (json: string): void {
    this.#reserve(json.length)
    this.#length += this.#bytes.write(json, this.#length, 'latin1')
  }

  /** Leaves room for so many bytes and returns where: `fill` writes them before they are taken. */
  gap (bytes: number): number {
    this.#reserve(bytes)
    const start = this.#length
    this.#length += bytes
    return start
  }

  /** Ready JSON of ASCII characters alone, into a gap. */
  fill (start: number, json: string): void {
    this.#bytes.write(json, start, 'latin1')
  }

  /** A whole number from 0 to 2^53 - 1. Returns how many digits it has. */
  integer (value: number): number {
    let digits = 1
    for (let limit = 10; value >= limit; limit *= 10) digits++
    this.#reserve(digits)
    const bytes = this.#bytes
    const start = this.#length
    this.#length += digits
    let rest = value
    for (let at = this.#length - 1; at >= start; at--) {
      const tenth = Math.floor(rest / 10)
      bytes[at] = ZERO + (rest - 10 * tenth)
      rest = tenth
    }
    return digits
  }

  /** A string, with its quotes. */
  string (text: string): void {
    this.#reserve(text.length + 2)
    const bytes = this.#bytes
    let length = this.#length
    bytes[length++] = QUOTE
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at)
      if (code < SPACE || code > LAST_ASCII || code === QUOTE || code === BACKSLASH) {
        this.#stringWithEscapes(text)
        return
      }
      bytes[length++] = code
    }
    bytes[length++] = QUOTE
    this.#length = length
  }

  /**
   * A JSON text as a string, with its quotes. One pass over its bytes: a JSON text has no control characters but tab,
   * line feed and carriage return.
   */
  quote (json: Uint8Array): void {
    this.#reserve(2 * json.length + 2)
    const bytes = this.#bytes
    const end = json.length
    let length = this.#length
    bytes[length++] = QUOTE
    for (let at = 0; at < end; at++) {
      const byte = json[at]!
      if (byte < SPACE || byte === QUOTE || byte === BACKSLASH) {
        bytes[length++] = BACKSLASH
        bytes[length++] = ESCAPED[byte]!
      } else {
        bytes[length++] = byte
      }
    }
    bytes[length++] = QUOTE
    this.#length = length
  }

  /** All that was written, in memory of just its size; the writer begins anew. */
  take (): ArrayBuffer {
    const taken = this.#bytes.buffer.slice(0, this.#length)
    this.clear()
    return taken
  }

  clear (): void {
    this.#length = 0
    if (this.#bytes.length > KEPT_BYTES) this.#bytes = Buffer.allocUnsafeSlow(KEPT_BYTES)
  }

  #stringWithEscapes (text: string): void {
    const json = JSON.stringify(text)
    this.#reserve(3 * json.length)
    this.#length += this.#bytes.write(json, this.#length)
  }

  #reserve (bytes: number): void {
    const needed = this.#length + bytes
    if (needed <= this.#bytes.length) return
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#bytes.length))
    this.#bytes.copy(grown, 0, 0, this.#length)
    this.#bytes = grown
  }
}

const ZERO = 0x30
const SPACE = 0x20
const LAST_ASCII = 0x7E
const QUOTE = 0x22
const BACKSLASH = 0x5C

/** What follows the backslash, by the byte that is escaped. */
const ESCAPED = new Uint8Array(0x60)
for (const [byte, letter] of [[0x09, 't'], [0x0A, 'n'], [0x0D, 'r'], [QUOTE, '"'], [BACKSLASH, '\\']] as const) ESCAPED[byte] = letter.charCodeAt(0)
