import { type Flight } from '../../engine/flight.js'
import { type BatchPolicy, type Stage } from '../../engine/stage.js'
import { type BatchSender } from './batch-sender.js'
import { encodeEntry, type Entry, type Message } from './entry.js'
import { fifoId } from './fifo-id.js'
import { HandOverIds } from './hand-over-ids.js'
import { type QueueDirectory } from './queue-directory.js'
import { createQueueStage } from './queue-stage.js'
import { encodeEnvelope } from './retry-envelope.js'

/** The one key of the directory that holds the retry queue. */
export const RETRY_QUEUE_KEY = 'retry'

/**
 * Passes that were spent on the record. It is the service's own count: the queue's receive count also counts holds
 * and crashes.
 */
export const RETRY_COUNT = 'RetryCount'

/** Not to be tried again before, ms since 1970: FIFO queues delay no single message. */
export const NOT_BEFORE = 'NotBefore'

/** No record rests for longer between two passes. */
export const LONGEST_REST_MS = 5 * 60_000

export interface RetrySendStageOptions<T> {
  readonly sender: BatchSender
  readonly queues: QueueDirectory
  readonly batch: BatchPolicy
  readonly concurrency: number
  /** Records of one group are received one after the other. */
  groupOf (flight: Flight<T>): string
  /** How long a record rests before the pass that follows `retryCount` spent ones, in ms; at most `LONGEST_REST_MS`. */
  restMs (retryCount: number): number
}

/** Hands records over to the retry queue, original bytes and all. */
export function createRetrySendStage<T> (options: RetrySendStageOptions<T>): Stage<T> {
  const ids = new HandOverIds<T>()
  const groupId = (flight: Flight<T>) => fifoId(options.groupOf(flight))
  // There is one retry queue: what holds it holds the stage, and turns the process unready when it lasts.
  const { batchKey: _one, ...stage } = createQueueStage<T>({
    name: 'retry',
    sender: options.sender,
    queues: options.queues,
    batch: options.batch,
    concurrency: options.concurrency,
    queueKey: () => RETRY_QUEUE_KEY,
    groupId,
    entry: flight => entryOf(flight, { groupId: groupId(flight), deduplicationId: ids.of(flight) }, options.restMs(flight.retryCount))
  })
  return stage
}

function entryOf<T> (flight: Flight<T>, ids: Pick<Message, 'groupId' | 'deduplicationId'>, restMs: number): Entry {
  const { record, retryCount, failure, unansweredAt } = flight
  return encodeEntry({
    body: encodeEnvelope({ record, failure, unansweredAt }),
    ...ids,
    attributes: {
      [RETRY_COUNT]: { DataType: 'Number', StringValue: String(retryCount) },
      // From the failure, not from now: a repeated send is the very same entry.
      ...(failure === undefined ? {} : { [NOT_BEFORE]: { DataType: 'Number', StringValue: String(Math.ceil(failure.lastAt + restMs)) } })
    }
  })
}
