import { sha256 } from './digest.js'
import { type Differences } from './differences.js'
import { type ProducedRecord } from './expected-event.js'
import { describeRecord } from './produced.js'

/** A message as its queue handed it out. */
export interface QueueMessage {
  readonly id: string
  readonly body: string
  /** Digits that grow with the order of acceptance, within a group at least. They may not fit a number. */
  readonly sequence: string
  readonly sentAtMs: number
}

export interface QueueCounts {
  expected: number
  found: number
  repeats: number
}

export interface OrderReport {
  /** Pairs of client and partition. */
  readonly lanes: number
  readonly inversions: number
}

/** What one body stands for. Several records with the same bytes are one message, or one each when they are far apart. */
interface Expected {
  readonly records: ProducedRecord[]
  /** The message that was accepted first. */
  accepted: Omit<QueueMessage, 'body'> | undefined
  found: number
}

/** Every valid event's message is in the queue of its client, body byte for byte, and in no other. */
export class MessageCheck {
  readonly byClient = new Map<string, QueueCounts>()
  readonly #differences: Differences
  readonly #mayRepeat: boolean
  readonly #expected = new Map<string, Expected>()

  constructor (produced: Iterable<ProducedRecord>, clients: Iterable<string>, differences: Differences, mayRepeat: boolean) {
    this.#differences = differences
    this.#mayRepeat = mayRepeat
    for (const client of clients) this.byClient.set(client, { expected: 0, found: 0, repeats: 0 })
    for (const record of produced) {
      if (record.bodySha256 === undefined) continue
      const same = this.#expected.get(record.bodySha256)
      if (same !== undefined) {
        same.records.push(record)
        continue
      }
      this.#expected.set(record.bodySha256, { records: [record], accepted: undefined, found: 0 })
      this.#countsOf(record.entry.client ?? '').expected++
    }
  }

  /** A message that was received twice because its deletion failed has the same id and counts once. */
  see (client: string, message: QueueMessage): void {
    const bodySha256 = sha256(message.body)
    const expected = this.#expected.get(bodySha256)
    const record = expected?.records[0]
    if (expected === undefined || record === undefined) {
      this.#countsOf(client).found++
      return this.#differences.add('message-phantom', `queue of ${client}, message ${message.id}, sha256 ${bodySha256}`)
    }
    const earlier = expected.accepted
    if (earlier?.id === message.id) return
    const counts = this.#countsOf(client)
    counts.found++
    if (record.entry.client !== client) {
      return this.#differences.add('message-wrong-queue', `queue of ${client}, message ${message.id}: ${describeRecord(record)}`)
    }
    expected.found++
    if (earlier === undefined || isBefore(message.sequence, earlier.sequence)) {
      const { id, sequence, sentAtMs } = message
      expected.accepted = { id, sequence, sentAtMs }
    }
    if (expected.found === 1) return
    counts.repeats++
    const isMore = expected.found > expected.records.length
    if (isMore && !this.#mayRepeat) this.#differences.add('message-repeat', `queue of ${client}, message ${message.id}: ${describeRecord(record)}`)
  }

  finish (): void {
    for (const { records, found } of this.#expected.values()) {
      if (found === 0 && records[0] !== undefined) this.#differences.add('message-missing', describeRecord(records[0]))
    }
  }

  /** Within a client and a partition, whether messages were first accepted in the order of their offsets. */
  order (mayInvert: boolean): OrderReport {
    const lanes = new Map<string, Array<{ record: ProducedRecord, sequence: string }>>()
    for (const { records: [record, other], accepted } of this.#expected.values()) {
      // A body that was produced several times is one message or several, as the queue pleases: it says nothing about order.
      if (accepted === undefined || record === undefined || other !== undefined) continue
      const lane = `${record.entry.client}:${record.partition}`
      const messages = lanes.get(lane)
      if (messages === undefined) lanes.set(lane, [{ record, sequence: accepted.sequence }])
      else messages.push({ record, sequence: accepted.sequence })
    }
    let inversions = 0
    for (const messages of lanes.values()) {
      messages.sort((a, b) => a.record.offset - b.record.offset)
      let latest = ''
      for (const { record, sequence } of messages) {
        if (isBefore(sequence, latest)) {
          inversions++
          if (!mayInvert) this.#differences.add('order-inverted', describeRecord(record))
        } else {
          latest = sequence
        }
      }
    }
    return { lanes: lanes.size, inversions }
  }

  /** From each record's Kafka timestamp to the acceptance of its message by the queue, in ms; of records with one message. */
  latenciesMs (which: (record: ProducedRecord) => boolean = () => true): number[] {
    const latencies: number[] = []
    for (const { records: [record, other], accepted } of this.#expected.values()) {
      if (accepted === undefined || record === undefined || other !== undefined || !which(record)) continue
      latencies.push(Math.max(0, accepted.sentAtMs - record.timestampMs))
    }
    return latencies
  }

  #countsOf (client: string): QueueCounts {
    let counts = this.byClient.get(client)
    if (counts === undefined) this.byClient.set(client, counts = { expected: 0, found: 0, repeats: 0 })
    return counts
  }
}

/** Numbers of up to 20 digits, compared without leading zeroes. */
function isBefore (sequence: string, other: string): boolean {
  return sequence.length === other.length ? sequence < other : sequence.length < other.length
}
