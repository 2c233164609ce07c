import { createHash } from 'node:crypto'
import { AcceptanceOrder } from './acceptance-order.js'
import { type EndpointClock } from './endpoint-clock.js'
import { type EventMark, markOfEvent, markOfHandOver } from './event-text.js'
import { type FaultHits } from './faults.js'
import { KeptQueue, type MessageAttribute } from './kept-queue.js'
import { QueueRecord } from './queue-record.js'
import { type HandOver, type RecordingMode, type Report, type StoredRow } from './report.js'

/** Uids of latency runs say when the event was produced: `at-<ms since 1970>-<anything>`. */
const TIMED_UID = /"uid":"at-(\d{13})-/

/** Queues with such a name are received from, so full mode keeps their messages. Those of clients are only recorded. */
const RETRY_QUEUE = /retry\.fifo$/

const RETRY_COUNT = 'RetryCount'

/** A row as it is written. */
export interface RowMark extends EventMark {
  readonly partition: number
  readonly offset: number
}

/** A message as it is sent. */
export interface SentMessage {
  readonly body: string
  readonly groupId: string
  readonly deduplicationId: string
  readonly attributes: Readonly<Record<string, MessageAttribute>>
}

/** What the table and the queues have taken since the endpoint was started or restarted. */
export class Recorder {
  readonly mode: RecordingMode
  readonly rows = new Map<string, StoredRow>()
  readonly #clock: EndpointClock
  readonly #hits: () => FaultHits[]
  readonly #queues = new Map<string, QueueRecord>()
  readonly #kept = new Map<string, KeptQueue>()
  readonly #calls = new Map<string, number>()
  readonly #order = new AcceptanceOrder()
  readonly #handedOver: HandOver[] = []
  readonly #latencies: number[] = []
  #sdkRetries = 0
  #misdated = 0
  #attemptedRows = 0
  #attemptedMessages = 0
  #attemptedHandOvers = 0
  #rowsWritten = 0
  #unprocessed = 0
  #messagesAccepted = 0
  #sentBeforeStored = 0
  #firstAcceptedAt = 0
  #lastAcceptedAt = 0
  #serial = 0

  constructor (mode: RecordingMode, clock: EndpointClock, hits: () => FaultHits[]) {
    this.mode = mode
    this.#clock = clock
    this.#hits = hits
  }

  /** `sdkRequest`: the header by which the SDK counts its own attempts at one call. */
  called (operation: string, sdkRequest: string | string[] | undefined): void {
    if (this.mode === 'full' && sdkRequest !== undefined && !String(sdkRequest).startsWith('attempt=1;')) this.#sdkRetries++
    this.#calls.set(operation, (this.#calls.get(operation) ?? 0) + 1)
  }

  /** A call was refused for the date of its signature. */
  misdated (): void {
    this.#misdated++
  }

  /** Of a call, before anything becomes of it. */
  attempted (entries: number, queue?: string): void {
    if (queue === undefined) this.#attemptedRows += entries
    else if (RETRY_QUEUE.test(queue)) this.#attemptedHandOvers += entries
    else this.#attemptedMessages += entries
  }

  countRows (rows: number): void {
    this.#rowsWritten += rows
  }

  row (item: unknown, { uid, fields, partition, offset }: RowMark): void {
    this.#rowsWritten++
    if (this.mode === 'count') return
    const known = this.rows.get(uid)
    this.rows.set(uid, { sha256: sha256(JSON.stringify(item)), partition, offset, writes: (known?.writes ?? 0) + 1, firstAt: known?.firstAt ?? Date.now() })
    this.#order.stored(eventKey(uid, fields), partition, offset)
  }

  unprocessed (rows: number): void {
    this.#unprocessed += rows
  }

  failed (queue: string): void {
    this.#recordOf(queue).failed++
  }

  /** The queue of this name that is received from; `undefined` for one of a client, and in count mode. */
  kept (queue: string): KeptQueue | undefined {
    if (this.mode === 'count' || !RETRY_QUEUE.test(queue)) return undefined
    let kept = this.#kept.get(queue)
    if (kept === undefined) this.#kept.set(queue, kept = new KeptQueue(this.#clock))
    return kept
  }

  /** Who waits for a message looks again, for the clock was moved. */
  wake (): void {
    for (const kept of this.#kept.values()) kept.wake()
  }

  /** Takes a message as a FIFO queue does. */
  message (queue: string, message: SentMessage): { readonly messageId: string, readonly sequenceNumber: string } {
    const record = this.#recordOf(queue)
    const serial = this.#serial++
    const fresh = { messageId: `00000000-0000-4000-8000-${serial.toString(16).padStart(12, '0')}`, sequenceNumber: `1${String(serial).padStart(19, '0')}` }
    if (this.mode === 'full') {
      const { groupId, deduplicationId } = message
      const now = this.#clock.now()
      const messageId = record.duplicateOf(groupId, deduplicationId, now)
      if (messageId !== undefined) {
        record.duplicates++
        return { ...fresh, messageId }
      }
      record.see(groupId, deduplicationId, fresh.messageId, now)
      const kept = this.kept(queue)
      if (kept !== undefined) {
        kept.put({ ...fresh, ...message })
        record.accepted++
        this.#rememberHandOver(queue, message)
        return fresh
      }
      this.#remember(queue, record, message, serial)
    }
    record.accepted++
    this.#countAcceptance(message.body)
    return fresh
  }

  report (full: boolean): Report {
    return {
      mode: this.mode,
      calls: Object.fromEntries(this.#calls),
      attempted: { rows: this.#attemptedRows, messages: this.#attemptedMessages, handOvers: this.#attemptedHandOvers },
      sdkRetries: this.#sdkRetries,
      misdated: this.#misdated,
      rowsWritten: this.#rowsWritten,
      unprocessed: this.#unprocessed,
      messagesAccepted: this.#messagesAccepted,
      queues: mapValues(this.#queues, record => record.report),
      kept: mapValues(this.#kept, kept => kept.report),
      hits: this.#hits(),
      firstAcceptedAt: this.#firstAcceptedAt,
      lastAcceptedAt: this.#lastAcceptedAt,
      inversions: this.#order.inverted.length,
      sentBeforeStored: this.#sentBeforeStored,
      latencyMs: quantiles(this.#latencies),
      ...(full ? this.#everything() : {})
    }
  }

  #everything () {
    const clients = new Map([...this.#queues].filter(([name]) => !this.#kept.has(name)))
    const acceptedAt: Record<string, number> = {}
    for (const { messages } of clients.values()) {
      for (const [uid, { firstAt }] of messages) acceptedAt[uid] = Math.min(firstAt, acceptedAt[uid] ?? Infinity)
    }
    return {
      rows: Object.fromEntries(this.rows),
      messages: mapValues(clients, ({ messages }) => Object.fromEntries(messages)),
      bodies: mapValues(clients, ({ bodies }) => Object.fromEntries(bodies)),
      groups: mapValues(clients, ({ groups }) => Object.fromEntries(groups)),
      acceptedAt,
      handedOver: [...this.#handedOver],
      inverted: [...this.#order.inverted]
    }
  }

  #recordOf (queue: string): QueueRecord {
    let record = this.#queues.get(queue)
    if (record === undefined) this.#queues.set(queue, record = new QueueRecord())
    return record
  }

  #remember (queue: string, record: QueueRecord, { body, groupId, deduplicationId }: SentMessage, sequence: number): void {
    const digest = sha256(body)
    const mark = markOfEvent(body)
    const uid = mark?.uid ?? deduplicationId
    if (!this.rows.has(uid)) this.#sentBeforeStored++
    if (record.repeats(uid, digest)) return
    const place = mark === undefined ? undefined : this.#order.accepted(queue, groupId, eventKey(uid, mark.fields))
    record.remember(uid, { sha256: digest, group: groupId, partition: place?.partition, offset: place?.offset, firstAt: Date.now(), sequence, accepted: 1 })
  }

  #rememberHandOver (queue: string, { body, attributes }: SentMessage): void {
    const mark = markOfHandOver(body)
    if (mark === undefined) return
    this.#handedOver.push({ queue, ...mark, retryCount: Number(attributes[RETRY_COUNT]?.StringValue ?? NaN), at: Date.now() })
  }

  #countAcceptance (body: string): void {
    const now = Date.now()
    this.#messagesAccepted++
    if (this.#firstAcceptedAt === 0) this.#firstAcceptedAt = now
    this.#lastAcceptedAt = now
    const producedAt = TIMED_UID.exec(body)?.[1]
    if (producedAt !== undefined) this.#latencies.push(now - Number(producedAt))
  }
}

function eventKey (uid: string, fields: string): string {
  return `${uid} ${fields}`
}

function mapValues<V, W> (map: ReadonlyMap<string, V>, convert: (value: V) => W): Record<string, W> {
  return Object.fromEntries([...map].map(([key, value]) => [key, convert(value)]))
}

function quantiles (samples: readonly number[]): Report['latencyMs'] {
  if (samples.length === 0) return undefined
  const sorted = Float64Array.from(samples).sort()
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  return { samples: sorted.length, p50: at(0.5), p99: at(0.99), max: at(1) }
}

function sha256 (text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
