import { type SourceRecord } from '../../engine/record.js'
import { type Poison } from '../../engine/outcome.js'
import { packValues, unpackValues } from '../../validation/packing.js'
import { type ChunkExaminer } from '../../validation/serve-chunk.js'
import { type EncodedEvents } from './encoded-events.js'
import { EventEncoder, type EventPlace } from './event-encoder.js'
import { compileExamine, type ExamineOptions } from './examine.js'
import { type MessageGroup } from './message-group.js'

export interface EventChunksOptions extends ExamineOptions {
  readonly messageGroup: MessageGroup
}

/** Where the events of a chunk come from, as it travels to a worker. */
export interface EventPlaces {
  readonly partitions: Int32Array
  readonly offsets: Float64Array
  /** See packing.ts. Only if message groups are made of them. */
  readonly keys?: ArrayBuffer
}

export function placesOf (records: readonly SourceRecord[], messageGroup: MessageGroup): EventPlaces {
  const partitions = new Int32Array(records.length)
  const offsets = new Float64Array(records.length)
  for (let index = 0; index < records.length; index++) {
    const { partition, offset } = records[index]!
    partitions[index] = partition
    offsets[index] = offset
  }
  return messageGroup === 'key' ? { partitions, offsets, keys: packValues(records.map(({ key }) => key)) } : { partitions, offsets }
}

/**
 * Examines and encodes chunks of events, one after the other. Throws `UsageError` for a schema that can not be honoured.
 */
export class EventChunks implements ChunkExaminer<EventPlaces, EncodedEvents> {
  readonly #examine: ReturnType<typeof compileExamine>
  readonly #encoder: EventEncoder
  #place: (index: number) => EventPlace = () => ({ partition: 0, offset: 0, key: null })

  constructor (options: EventChunksOptions) {
    this.#examine = compileExamine(options)
    this.#encoder = new EventEncoder(options.messageGroup)
  }

  begin ({ partitions, offsets, keys }: EventPlaces): void {
    const unpacked = keys === undefined ? undefined : unpackValues(keys)
    this.#place = index => ({ partition: partitions[index]!, offset: offsets[index]!, key: unpacked?.[index] ?? null })
    this.#encoder.begin(partitions.length)
  }

  examine (value: Buffer | null, index: number): Poison | undefined {
    const verdict = this.#examine(value)
    if (verdict.class === 'poison') return verdict
    this.#encoder.add(verdict.payload, value!, this.#place(index))
    return undefined
  }

  end (): EncodedEvents {
    return this.#encoder.end()
  }
}
