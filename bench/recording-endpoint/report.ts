import { type FaultHits } from './faults.js'
import { type KeptQueueReport } from './kept-queue.js'

/**
 * `count`: as cheap as can be, for load. `full`: every uid with its digest and times, the order of first acceptances,
 * deduplication, a retry queue to receive from; for proofs, at about 1 KB of memory an event.
 */
export type RecordingMode = 'count' | 'full'

export interface StoredRow {
  /** Of the item as JSON. */
  readonly sha256: string
  /** Of the record that it was written from last. */
  readonly partition: number
  readonly offset: number
  /** Times it was written. */
  readonly writes: number
  /** Of the first write, ms since 1970. */
  readonly firstAt: number
}

/** What a queue took: one body. */
export interface AcceptedMessage {
  /** Of the body. */
  readonly sha256: string
  readonly group: string
  /** Where its record stands, by the row that holds the same event; `undefined` when there was none yet, or several. */
  readonly partition: number | undefined
  readonly offset: number | undefined
  /** Of the first acceptance, ms since 1970. */
  readonly firstAt: number
  /** Of the first acceptance: grows from one message to the next, over all queues. */
  readonly sequence: number
  /** Acceptances: more than one is a repetition that came after the deduplication window, visible to the client. */
  readonly accepted: number
  /** What else the queue took under this uid: other bodies, in the order of their first acceptance. */
  readonly others?: readonly AcceptedMessage[]
}

/** A message that the retry queue took. */
export interface HandOver {
  readonly queue: string
  /** Of the record in it. */
  readonly partition: number
  readonly offset: number
  /** `undefined` when the record is no event. */
  readonly uid: string | undefined
  readonly retryCount: number
  /** ms since 1970 */
  readonly at: number
}

/** A first acceptance that came after one with a higher offset of the same queue, group and partition. */
export interface Inversion {
  readonly queue: string
  readonly group: string
  readonly partition: number
  readonly offset: number
  /** The highest that was accepted before. */
  readonly after: number
}

export interface QueueReport {
  readonly accepted: number
  /** Sends that deduplication dropped. */
  readonly duplicates: number
  /** Entries that failed on purpose. */
  readonly failed: number
}

/** Entries in calls, whatever became of them: more than were accepted is what retries cost. */
export interface Attempted {
  readonly rows: number
  /** To the queues of clients. */
  readonly messages: number
  /** To retry queues. */
  readonly handOvers: number
}

/** What the endpoint answers to `GET /__report`. What only full mode knows is 0 or empty in count mode. */
export interface Report {
  readonly mode: RecordingMode
  /** By operation. */
  readonly calls: Readonly<Record<string, number>>
  readonly attempted: Attempted
  /** Calls that the SDK repeated by itself, which it should leave to the service. */
  readonly sdkRetries: number
  /** Calls that were refused for the date of their signature. Full mode. */
  readonly misdated: number
  readonly rowsWritten: number
  readonly unprocessed: number
  /** By the queues of clients; in count mode by retry queues too. */
  readonly messagesAccepted: number
  readonly queues: Readonly<Record<string, QueueReport>>
  /** Queues that are received from, by name. Full mode. */
  readonly kept: Readonly<Record<string, KeptQueueReport>>
  /** Faults ever armed since the last restart, in order, and how often each happened. */
  readonly hits: readonly FaultHits[]
  /** ms since 1970 */
  readonly firstAcceptedAt: number
  readonly lastAcceptedAt: number
  /** How many first acceptances were inverted. Full mode. */
  readonly inversions: number
  /** Messages accepted before their row was written. Full mode. */
  readonly sentBeforeStored: number
  /** From the time in the uid to the acceptance by the queue, of events that were produced with one. */
  readonly latencyMs: { readonly samples: number, readonly p50: number, readonly p99: number, readonly max: number } | undefined
  // From here on only in `GET /__report?full`.
  /** By uid. */
  readonly rows?: Readonly<Record<string, StoredRow>>
  /** By queue of a client and uid. */
  readonly messages?: Readonly<Record<string, Readonly<Record<string, AcceptedMessage>>>>
  /** Digest of the last body that was accepted, by queue of a client and uid. */
  readonly bodies?: Readonly<Record<string, Readonly<Record<string, string>>>>
  /** Uids in the order of their first acceptance, by queue of a client and group. */
  readonly groups?: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>
  /** Of a uid's first acceptance by any queue of a client, ms since 1970. */
  readonly acceptedAt?: Readonly<Record<string, number>>
  /** In the order they were accepted. */
  readonly handedOver?: readonly HandOver[]
  readonly inverted?: readonly Inversion[]
}
