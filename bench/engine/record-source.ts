import { type SourceRecord } from '../../src/engine/record.js'

export const TOPIC = 'bench-engine'
export const PARTITIONS = 12
/** A poll holds runs of records of one partition, as the client's do. */
const RUN_RECORDS = 125

/** Makes records of all partitions, with offsets that go on. */
export class RecordSource {
  readonly #offsets: number[]
  readonly #value = Buffer.alloc(170)
  #partition = 0

  constructor (partitions = PARTITIONS) {
    this.#offsets = new Array<number>(partitions).fill(0)
  }

  poll (count: number): SourceRecord[] {
    const records: SourceRecord[] = []
    for (let at = 0; at < count; at++) {
      if (at % RUN_RECORDS === 0) this.#partition = (this.#partition + 1) % this.#offsets.length
      const partition = this.#partition
      const offset = this.#offsets[partition] ?? 0
      this.#offsets[partition] = offset + 1
      records.push({ topic: TOPIC, partition, offset, key: null, value: this.#value, headers: [], timestamp: 1 })
    }
    return records
  }
}
