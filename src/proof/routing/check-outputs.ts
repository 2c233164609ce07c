import { ORIGIN_HEADER, parseOrigin } from '../../connectors/kafka/message-headers.js'
import { type SourceRecord } from '../../engine/record.js'
import { type Differences } from '../differences.js'
import { headersDigest, keyDigest } from '../digest.js'
import { describeRecord, placeKey } from '../produced.js'
import { readAvro, type SchemasById } from './avro-reader.js'
import { messageDigest, type ProducedRoute } from './expected-message.js'
import { javaPartition } from './java-partition.js'

export interface OutputTopic {
  /** Of the destination. */
  readonly name: string
  readonly topic: string
  readonly partitions: number
}

export interface DestinationCounts {
  expected: number
  /** Repeats included. */
  found: number
  repeats: number
}

export interface KeyOrder {
  /** Pairs of key and destination. */
  readonly lanes: number
  readonly inversions: number
}

/** The message of one record for one of its destinations. */
interface Expected {
  readonly record: ProducedRoute
  readonly digest: string
  writtenAtMs: number | undefined
}

export interface Tolerance {
  readonly repeats: boolean
  readonly inversions: boolean
  /** What clocks of services are known to have been wrong by, at most. */
  readonly clockErrorMs?: number | undefined
}

/** Clocks of producers and brokers may differ by this. */
const CLOCK_SLACK_MS = 60_000

/**
 * Every valid record has one message in the topic of each of its destinations, with its fields, its key in the partition
 * that the Java client chooses, its headers and where it comes from; and messages of a key stand in the order of their
 * records.
 */
export class OutputCheck {
  readonly byDestination = new Map<string, DestinationCounts>()
  readonly #topic: string
  readonly #schemas: SchemasById
  readonly #differences: Differences
  readonly #tolerate: Tolerance
  /** By the destination's name in lower case. */
  readonly #outputs: ReadonlyMap<string, OutputTopic>
  readonly #expected = new Map<string, Expected>()
  /** The highest source offset that was seen, by lane. */
  readonly #latest = new Map<string, number>()
  #inversions = 0

  /** `topic`: where the records came from. */
  constructor (produced: Iterable<ProducedRoute>, topic: string, outputs: readonly OutputTopic[], schemas: SchemasById, differences: Differences, tolerate: Tolerance) {
    this.#topic = topic
    this.#schemas = schemas
    this.#differences = differences
    this.#tolerate = tolerate
    this.#outputs = new Map(outputs.map(output => [output.name.toLowerCase(), output]))
    for (const { name } of outputs) this.byDestination.set(name, { expected: 0, found: 0, repeats: 0 })
    for (const record of produced) {
      for (const [destination, digest] of record.messages) {
        this.#expected.set(expectedKey(placeKey(record.partition, record.offset), destination), { record, digest, writtenAtMs: undefined })
        this.#countsOf(destination).expected++
      }
    }
  }

  see (message: SourceRecord): void {
    const what = `${message.topic}, partition ${message.partition}, offset ${message.offset}`
    const fields = readAvro(this.#schemas, message.value)
    const destination = String(fields?.destination_type ?? '').toLowerCase()
    const output = this.#outputs.get(destination)
    if (fields === undefined || output === undefined) return this.#differences.add('output-fields', `${what}: no message of a destination`)
    const origin = readOrigin(message)
    const counts = this.#countsOf(destination)
    counts.found++
    const expected = origin.topic === this.#topic ? this.#expected.get(expectedKey(origin.place, destination)) : undefined
    if (expected === undefined) return this.#differences.add('output-phantom', `${what}: ${output.name}, from ${origin.topic} ${origin.place}`)
    if (message.topic !== output.topic) return this.#differences.add('output-wrong-topic', `${what}: ${output.name}, ${describeRecord(expected.record)}`)
    this.#compare(what, message, fields, output, expected)
    if (expected.writtenAtMs !== undefined) {
      counts.repeats++
      if (!this.#tolerate.repeats) this.#differences.add('output-repeat', `${what}: ${describeRecord(expected.record)}`)
      return
    }
    expected.writtenAtMs = message.timestamp
    this.#checkOrder(what, destination, expected.record)
  }

  finish (): void {
    for (const [key, { record, writtenAtMs }] of this.#expected) {
      if (writtenAtMs === undefined) this.#differences.add('output-missing', `${describeRecord(record)}, for ${key.slice(key.indexOf(' ') + 1)}`)
    }
  }

  get order (): KeyOrder {
    return { lanes: this.#latest.size, inversions: this.#inversions }
  }

  /** From the Kafka timestamp of each record to that of its message, in ms. */
  latenciesMs (which: (record: ProducedRoute) => boolean = () => true): number[] {
    return [...this.#expected.values()].flatMap(({ record, writtenAtMs }) =>
      writtenAtMs === undefined || !which(record) ? [] : [Math.max(0, writtenAtMs - record.timestampMs)])
  }

  #compare (what: string, message: SourceRecord, fields: Readonly<Record<string, unknown>>, output: OutputTopic, { record, digest }: Expected): void {
    const processedAt = Number(fields.processor_event_timestamp)
    const slackMs = CLOCK_SLACK_MS + (this.#tolerate.clockErrorMs ?? 0)
    const isInTime = processedAt > record.timestampMs - slackMs && processedAt < message.timestamp + slackMs
    if (messageDigest(fields) !== digest || !isInTime) this.#differences.add('output-fields', `${what}: ${describeRecord(record)}`)
    if (keyDigest(message.key) !== record.keyDigest) this.#differences.add('output-key', `${what}: ${describeRecord(record)}`)
    if (headersDigest(message.headers.filter(([name]) => name !== ORIGIN_HEADER)) !== record.headersDigest) this.#differences.add('output-headers', `${what}: ${describeRecord(record)}`)
    if (message.key !== null && message.partition !== javaPartition(message.key, output.partitions)) this.#differences.add('output-partition', `${what}: ${describeRecord(record)}`)
  }

  /** A key is always in the same partition of the source, which is read in order; without a key there is no order to keep. */
  #checkOrder (what: string, destination: string, record: ProducedRoute): void {
    if (record.keyDigest === keyDigest(null)) return
    const lane = `${destination} ${record.keyDigest}`
    const latest = this.#latest.get(lane) ?? -1
    if (record.offset > latest) {
      this.#latest.set(lane, record.offset)
      return
    }
    this.#inversions++
    if (!this.#tolerate.inversions) this.#differences.add('output-inverted', `${what}: ${describeRecord(record)}`)
  }

  #countsOf (destination: string): DestinationCounts {
    const name = this.#outputs.get(destination)?.name ?? destination
    let counts = this.byDestination.get(name)
    if (counts === undefined) this.byDestination.set(name, counts = { expected: 0, found: 0, repeats: 0 })
    return counts
  }
}

function expectedKey (place: string, destination: string): string {
  return `${place} ${destination}`
}

/** Ours stands behind the record's own, so the last of the name is ours. */
function readOrigin ({ headers }: SourceRecord): { topic: string | undefined, place: string } {
  const own = headers.findLast(([name]) => name === ORIGIN_HEADER)?.[1]
  const { topic, partition = NaN, offset = NaN } = parseOrigin(String(own)) ?? {}
  return { topic, place: placeKey(partition, offset) }
}
