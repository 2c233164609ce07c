import { hash } from 'node:crypto'
import { JsonWriter } from '../../connectors/aws/json-writer.js'
import { numberBytes, SOURCE_OFFSET, SOURCE_PARTITION } from '../../connectors/dynamodb/row.js'
import { type SourceRecord } from '../../engine/record.js'
import { COLUMN, COLUMNS, type EncodedEvents } from './encoded-events.js'
import { DEDUPLICATION_ID_CHARACTERS, deduplicationIdOf, type Event, EVENT_PROPERTIES, messageBodyOf } from './event.js'
import { type MessageGroup, messageGroupOf } from './message-group.js'

export const KEY_ATTRIBUTE = 'UUID'

/** Where an event comes from. */
export type EventPlace = Pick<SourceRecord, 'partition' | 'offset' | 'key'>

/**
 * Writes the events of a chunk as they are sent: the row's item and the entry's members. `SourcePartition` and
 * `SourceOffset` trace a row back to its record and let a late write know whether it is still the newest; `Event` holds
 * the event's own text when it says more than the five attributes.
 */
export class EventEncoder {
  readonly #group: MessageGroup
  readonly #json = new JsonWriter()
  readonly #contexts = new Attributes('Context')
  readonly #eventTypes = new Attributes('EventType')
  readonly #clients = new Attributes('Client')
  readonly #groupIds = new Map<string, string[]>()
  #numbers = new Uint32Array(0)
  #at = 0
  #uids: string[] = []
  #bodies: Buffer[] = []
  /** Where the deduplication ids belong. */
  #idGaps: number[] = []
  #words = new Map<string, number>()

  constructor (group: MessageGroup) {
    this.#group = group
  }

  /** Begins a chunk of at most so many events; what was left of another is dropped. */
  begin (maxEvents: number): void {
    this.#json.clear()
    this.#numbers = new Uint32Array(maxEvents * COLUMNS)
    this.#at = 0
    this.#uids = []
    this.#bodies = []
    this.#idGaps = []
    this.#words = new Map()
  }

  /** `text` is the event's own JSON. */
  add (event: Event, text: Buffer, place: EventPlace): void {
    const body = messageBodyOf(text)
    const groupId = this.#groupIdOf(event, place)
    const itemBytes = this.#writeItem(event, text, place)
    const itemEnd = this.#json.length
    this.#writeMembers(body, groupId)

    this.#uids.push(event.uid)
    this.#bodies.push(body)
    const numbers = this.#numbers
    const at = this.#at
    numbers[at + COLUMN.itemEnd] = itemEnd
    numbers[at + COLUMN.membersEnd] = this.#json.length
    numbers[at + COLUMN.itemBytes] = itemBytes
    numbers[at + COLUMN.bodyBytes] = body.length
    numbers[at + COLUMN.client] = this.#wordOf(event.client)
    numbers[at + COLUMN.groupId] = this.#wordOf(groupId)
    this.#at = at + COLUMNS
  }

  end (): EncodedEvents {
    const digests = this.#hash()
    return {
      bytes: this.#json.take(),
      numbers: this.#numbers.slice(0, this.#at),
      uids: this.#uids,
      digests,
      words: [...this.#words.keys()]
    }
  }

  /** Of all events in one go: in the midst of their other work each hash costs a third more. */
  #hash (): string {
    let digests = ''
    for (const body of this.#bodies) digests += hash('md5', body)
    for (let index = 0; index < this.#idGaps.length; index++) {
      this.#json.fill(this.#idGaps[index]!, deduplicationIdOf(this.#bodies[index]!))
    }
    this.#bodies = []
    return digests
  }

  /** Returns the item's size as DynamoDB counts it. */
  #writeItem (event: Event, text: Buffer, { partition, offset }: EventPlace): number {
    const json = this.#json
    const context = this.#contexts.of(event.context)
    const eventType = this.#eventTypes.of(event.event_type)
    const client = this.#clients.of(event.client)
    let bytes = NAMES_BYTES + Buffer.byteLength(event.uid) + context.bytes + eventType.bytes + client.bytes + Buffer.byteLength(event.created_at)
    json.raw(OPEN_ITEM)
    json.string(event.uid)
    json.raw(context.json)
    json.raw(eventType.json)
    json.raw(client.json)
    json.raw(CREATED_AT)
    json.string(event.created_at)
    if (Object.keys(event).length > EVENT_PROPERTIES.length) {
      json.raw(EVENT)
      json.quote(text)
      bytes += EVENT_NAME_BYTES + text.length
    }
    json.raw(PARTITION)
    bytes += numberBytes(json.integer(partition))
    json.raw(OFFSET)
    bytes += numberBytes(json.integer(offset))
    json.raw(CLOSE_ITEM)
    return bytes
  }

  #writeMembers (body: Buffer, groupId: string): void {
    const json = this.#json
    json.raw(MESSAGE_BODY)
    json.quote(body)
    json.raw(GROUP_ID)
    json.string(groupId)
    json.raw(DEDUPLICATION_ID)
    this.#idGaps.push(json.gap(DEDUPLICATION_ID_CHARACTERS))
    json.raw(QUOTE)
  }

  #groupIdOf (event: Event, place: EventPlace): string {
    if (this.#group !== 'partition') return messageGroupOf(this.#group, event, place)
    let ids = this.#groupIds.get(event.client)
    if (ids === undefined) {
      ids = []
      keep(this.#groupIds, event.client, ids)
    }
    ids[place.partition] ??= messageGroupOf(this.#group, event, place)
    return ids[place.partition]!
  }

  #wordOf (word: string): number {
    let place = this.#words.get(word)
    if (place === undefined) this.#words.set(word, place = this.#words.size)
    return place
  }
}

const OPEN_ITEM = Buffer.from(`{"${KEY_ATTRIBUTE}":{"S":`)
const CREATED_AT = Buffer.from('},"CreatedAt":{"S":')
const EVENT = Buffer.from('},"Event":{"S":')
const PARTITION = Buffer.from(`},"${SOURCE_PARTITION}":{"N":"`)
const OFFSET = Buffer.from(`"},"${SOURCE_OFFSET}":{"N":"`)
const CLOSE_ITEM = Buffer.from('"}}')
const MESSAGE_BODY = Buffer.from('"MessageBody":')
const GROUP_ID = Buffer.from(',"MessageGroupId":')
const DEDUPLICATION_ID = Buffer.from(',"MessageDeduplicationId":"')
const QUOTE = Buffer.from('"')

const NAMES_BYTES = [KEY_ATTRIBUTE, 'Context', 'EventType', 'Client', 'CreatedAt', SOURCE_PARTITION, SOURCE_OFFSET].join('').length
const EVENT_NAME_BYTES = 'Event'.length

interface Attribute {
  /** With the brace that closes the attribute before it. */
  readonly json: Buffer
  /** Of the value. */
  readonly bytes: number
}

/** An attribute of few distinct values, each of which is encoded once. */
class Attributes {
  readonly #name: string
  readonly #known = new Map<string, Attribute>()

  constructor (name: string) {
    this.#name = name
  }

  of (value: string): Attribute {
    let attribute = this.#known.get(value)
    if (attribute === undefined) {
      attribute = { json: Buffer.from(`},"${this.#name}":{"S":${JSON.stringify(value)}`), bytes: Buffer.byteLength(value) }
      keep(this.#known, value, attribute)
    }
    return attribute
  }
}

/** A schema may allow any value, of any length. */
const MAX_KNOWN = 1_000
const MAX_KNOWN_CHARACTERS = 256

function keep<V> (known: Map<string, V>, key: string, value: V): void {
  if (key.length > MAX_KNOWN_CHARACTERS) return
  if (known.size >= MAX_KNOWN) known.clear()
  known.set(key, value)
}
