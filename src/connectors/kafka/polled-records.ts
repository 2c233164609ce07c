import { type Message } from 'node-rdkafka'
import { type Header, type SourceRecord } from '../../engine/record.js'
import { toHeaders, toSourceRecord } from './message.js'

/** Larger ones keep the memory that the client gave them: to copy them would cost more than it saves. */
const MAX_COPIED_BYTES = 4096

/**
 * The records of a poll, with keys and values copied into one piece of memory. The client makes two objects and an
 * allocation of each key and each value, which need not live as long as a record in flight: a twentieth of the process'
 * memory (docs/benchmarks.md). They share the name of their topic too, which the client makes anew for each.
 */
export function toSourceRecords (messages: readonly Message[]): SourceRecord[] {
  const shared = Buffer.allocUnsafeSlow(messages.reduce((bytes, message) => bytes + copiedBytes(message), 0))
  let topic = ''
  let at = 0
  return messages.map(message => {
    if (message.topic !== topic) topic = message.topic
    const bytes = copiedBytes(message)
    if (bytes === 0) return toSourceRecord(message, topic)
    const record = new PolledRecord(topic, message, shared, at)
    at += bytes
    return record
  })
}

/** 0 for a message that keeps its own memory, or has nothing to keep. */
function copiedBytes ({ key, value }: Message): number {
  const bytes = (key?.length ?? 0) + (value?.length ?? 0)
  return bytes <= MAX_COPIED_BYTES && typeof key !== 'string' ? bytes : 0
}

/** Makes its key and value when they are asked for, as views on memory that it shares with its neighbours. */
class PolledRecord implements SourceRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly headers: readonly Header[]
  readonly timestamp: number
  /** -1 for null. */
  readonly #keyBytes: number
  readonly #valueBytes: number
  #memory: Buffer
  #start: number

  constructor (topic: string, message: Message, memory: Buffer, start: number) {
    const { key, value, headers } = message
    this.topic = topic
    this.partition = message.partition
    this.offset = message.offset
    this.headers = toHeaders(headers)
    this.timestamp = message.timestamp ?? -1
    this.#keyBytes = append(memory, key as Buffer | null | undefined, start)
    this.#valueBytes = append(memory, value, start + Math.max(0, this.#keyBytes))
    this.#memory = memory
    this.#start = start
  }

  get key (): Buffer | null {
    return this.#keyBytes < 0 ? null : this.#memory.subarray(this.#start, this.#valueStart)
  }

  get value (): Buffer | null {
    return this.#valueBytes < 0 ? null : this.#memory.subarray(this.#valueStart, this.#end)
  }

  get payloadBytes (): number {
    return this.#end - this.#start
  }

  detach (): void {
    const bytes = this.payloadBytes
    if (this.#memory.length === bytes) return
    const own = Buffer.allocUnsafeSlow(bytes)
    this.#memory.copy(own, 0, this.#start, this.#end)
    this.#memory = own
    this.#start = 0
  }

  get #valueStart (): number {
    return this.#start + Math.max(0, this.#keyBytes)
  }

  get #end (): number {
    return this.#valueStart + Math.max(0, this.#valueBytes)
  }
}

/** Returns its length, -1 for none. */
function append (memory: Buffer, part: Buffer | null | undefined, at: number): number {
  if (part === null || part === undefined) return -1
  memory.set(part, at)
  return part.length
}
