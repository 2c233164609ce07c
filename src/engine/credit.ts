/** What may be in flight: records and bytes. Sizes are known only after a poll, so one record is always admitted. */
export class Credit {
  readonly maxRecords: number
  readonly maxBytes: number
  #records = 0
  #bytes = 0
  /** Mean record size so far, so that a poll asks for no more than the byte credit likely holds. */
  #meanBytes = 0

  constructor (maxRecords: number, maxBytes: number) {
    this.maxRecords = maxRecords
    this.maxBytes = maxBytes
  }

  get records (): number {
    return this.#records
  }

  get bytes (): number {
    return this.#bytes
  }

  /** How many records may be pulled now. */
  get available (): number {
    const freeBytes = this.maxBytes - this.#bytes
    if (freeBytes <= 0 && this.#records > 0) return 0
    const free = this.maxRecords - this.#records
    if (this.#meanBytes === 0) return Math.max(0, free)
    return Math.max(0, Math.min(free, Math.max(1, Math.floor(freeBytes / this.#meanBytes))))
  }

  /** At most half of the credit is used: a paused source may go on. */
  get relaxed (): boolean {
    return this.#records * 2 <= this.maxRecords && this.#bytes * 2 <= this.maxBytes
  }

  acquire (records: number, bytes: number): void {
    this.#records += records
    this.#bytes += bytes
    if (records > 0) {
      const mean = bytes / records
      this.#meanBytes = this.#meanBytes === 0 ? mean : this.#meanBytes * 0.9 + mean * 0.1
    }
  }

  release (records: number, bytes: number): void {
    this.#records -= records
    this.#bytes -= bytes
  }
}
