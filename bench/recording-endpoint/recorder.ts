import { createHash } from 'node:crypto'

/**
 * `count`: as cheap as can be, for load. `full`: every uid with its digest, the order of first acceptances per message
 * group, deduplication; for proofs, at about 500 bytes of memory an event.
 */
export type RecordingMode = 'count' | 'full'

export interface StoredRow {
  readonly sha256: string
  readonly partition: number
  readonly offset: number
  /** Times it was written. */
  writes: number
}

export interface QueueReport {
  accepted: number
  /** Sends that deduplication dropped. */
  duplicates: number
  failed: number
}

/** What the endpoint answers to `GET /__report`. */
export interface Report {
  readonly mode: RecordingMode
  readonly calls: Readonly<Record<string, number>>
  readonly rowsWritten: number
  readonly unprocessed: number
  readonly messagesAccepted: number
  readonly queues: Readonly<Record<string, QueueReport>>
  /** ms since 1970 */
  readonly firstAcceptedAt: number
  readonly lastAcceptedAt: number
  /** First acceptances of a group that came before one with a lower offset of the same partition. Full mode. */
  readonly inversions: number
  /** Messages accepted before their row was written. Full mode. */
  readonly sentBeforeStored: number
  /** From the time in the uid to the acceptance by the queue, of events that were produced with one. */
  readonly latencyMs: { readonly samples: number, readonly p50: number, readonly p99: number, readonly max: number } | undefined
  readonly rows?: Readonly<Record<string, StoredRow>>
  /** Uids in the order of their first acceptance, by queue and group. */
  readonly groups?: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>
  /** Digest of each accepted body, by queue and uid. */
  readonly bodies?: Readonly<Record<string, Readonly<Record<string, string>>>>
}

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/using-messagededuplicationid-property.html */
const DEDUPLICATION_WINDOW_MS = 5 * 60 * 1000

/** Uids of latency runs say when the event was produced: `at-<ms since 1970>-<anything>`. */
const TIMED_UID = /"uid":"at-(\d{13})-/

interface QueueMemory extends QueueReport {
  readonly seen: Map<string, { readonly messageId: string, readonly at: number }>
  readonly groups: Map<string, string[]>
  readonly bodies: Map<string, string>
}

export class Recorder {
  readonly mode: RecordingMode
  readonly rows = new Map<string, StoredRow>()
  readonly #queues = new Map<string, QueueMemory>()
  readonly #calls = new Map<string, number>()
  /** The highest offset accepted so far, by queue, group and partition. */
  readonly #highest = new Map<string, number>()
  readonly #latencies: number[] = []
  #rowsWritten = 0
  #unprocessed = 0
  #messagesAccepted = 0
  #inversions = 0
  #sentBeforeStored = 0
  #firstAcceptedAt = 0
  #lastAcceptedAt = 0
  #serial = 0

  constructor (mode: RecordingMode) {
    this.mode = mode
  }

  called (operation: string): void {
    this.#calls.set(operation, (this.#calls.get(operation) ?? 0) + 1)
  }

  countRows (rows: number): void {
    this.#rowsWritten += rows
  }

  row (uid: string, item: unknown, partition: number, offset: number): void {
    this.#rowsWritten++
    if (this.mode === 'count') return
    this.rows.set(uid, { sha256: sha256(JSON.stringify(item)), partition, offset, writes: (this.rows.get(uid)?.writes ?? 0) + 1 })
  }

  unprocessed (rows: number): void {
    this.#unprocessed += rows
  }

  failed (queue: string): void {
    this.#memoryOf(queue).failed++
  }

  /** Takes a message as a FIFO queue does. */
  message (queue: string, body: string, groupId: string, deduplicationId: string): { readonly messageId: string, readonly sequenceNumber: string } {
    const memory = this.#memoryOf(queue)
    const now = Date.now()
    const serial = this.#serial++
    const fresh = { messageId: `00000000-0000-4000-8000-${serial.toString(16).padStart(12, '0')}`, sequenceNumber: `1${String(serial).padStart(19, '0')}` }
    if (this.mode === 'full') {
      const seen = memory.seen.get(deduplicationId)
      if (seen !== undefined && now - seen.at < DEDUPLICATION_WINDOW_MS) {
        memory.duplicates++
        return { ...fresh, messageId: seen.messageId }
      }
      memory.seen.set(deduplicationId, { messageId: fresh.messageId, at: now })
      this.#remember(queue, memory, body, groupId, deduplicationId)
    }
    memory.accepted++
    this.#messagesAccepted++
    if (this.#firstAcceptedAt === 0) this.#firstAcceptedAt = now
    this.#lastAcceptedAt = now
    const producedAt = TIMED_UID.exec(body)?.[1]
    if (producedAt !== undefined) this.#latencies.push(now - Number(producedAt))
    return fresh
  }

  report (full: boolean): Report {
    const queues = [...this.#queues]
    return {
      mode: this.mode,
      calls: Object.fromEntries(this.#calls),
      rowsWritten: this.#rowsWritten,
      unprocessed: this.#unprocessed,
      messagesAccepted: this.#messagesAccepted,
      queues: Object.fromEntries(queues.map(([name, { accepted, duplicates, failed }]) => [name, { accepted, duplicates, failed }])),
      firstAcceptedAt: this.#firstAcceptedAt,
      lastAcceptedAt: this.#lastAcceptedAt,
      inversions: this.#inversions,
      sentBeforeStored: this.#sentBeforeStored,
      latencyMs: quantiles(this.#latencies),
      ...(full
        ? {
            rows: Object.fromEntries(this.rows),
            groups: Object.fromEntries(queues.map(([name, memory]) => [name, Object.fromEntries(memory.groups)])),
            bodies: Object.fromEntries(queues.map(([name, memory]) => [name, Object.fromEntries(memory.bodies)]))
          }
        : {})
    }
  }

  #memoryOf (queue: string): QueueMemory {
    let memory = this.#queues.get(queue)
    if (memory === undefined) {
      memory = { accepted: 0, duplicates: 0, failed: 0, seen: new Map(), groups: new Map(), bodies: new Map() }
      this.#queues.set(queue, memory)
    }
    return memory
  }

  #remember (queue: string, memory: QueueMemory, body: string, groupId: string, deduplicationId: string): void {
    const uid = uidOf(body) ?? deduplicationId
    memory.bodies.set(uid, sha256(body))
    const group = memory.groups.get(groupId)
    if (group === undefined) memory.groups.set(groupId, [uid])
    else group.push(uid)
    const row = this.rows.get(uid)
    if (row === undefined) {
      this.#sentBeforeStored++
      return
    }
    const lane = `${queue} ${groupId} ${row.partition}`
    const highest = this.#highest.get(lane) ?? -1
    if (row.offset < highest) this.#inversions++
    else this.#highest.set(lane, row.offset)
  }
}

function uidOf (body: string): string | undefined {
  try {
    const event: unknown = JSON.parse(body)
    return typeof event === 'object' && event !== null && 'uid' in event && typeof event.uid === 'string' ? event.uid : undefined
  } catch {
    return undefined
  }
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
