import { AppError, classOf } from '../../errors.js'
import { type Flight } from '../../engine/flight.js'
import { type Outcome, poison } from '../../engine/outcome.js'
import { type BatchPolicy, type Stage } from '../../engine/stage.js'
import { classifyError, outcomeOf } from '../aws/classify-error.js'
import { type BatchSender } from './batch-sender.js'
import { type Entry } from './entry.js'
import { DEDUPLICATION_MS, SEND_BATCH_MAX_ENTRIES, SEND_MAX_BYTES } from './limits.js'
import { type Queue, type QueueDirectory } from './queue-directory.js'
import { sendEntries } from './send-entries.js'

export interface QueueStageOptions<T> {
  readonly name: string
  readonly sender: BatchSender
  readonly queues: QueueDirectory
  /** Bounded by what a call may hold: 10 entries, 1 MiB. */
  readonly batch: BatchPolicy
  /** Calls in flight per queue. */
  readonly concurrency: number
  /** Most entries of one message group in a call: 1 keeps strict order. */
  readonly maxPerLane?: number | undefined
  /** Which queue of the directory a record goes to. */
  readonly queueKey: (flight: Flight<T>) => string
  /** The message group, which is the lane. */
  readonly groupId: (flight: Flight<T>) => string
  /** The message of a record; asked for several times, so it must be cheap and always the same. */
  readonly entry: (flight: Flight<T>) => Entry
}

/**
 * Sends one message per record to the FIFO queue of its key with SendMessageBatch. A call that ended without an answer
 * may have reached the queue; it is safe to repeat because the deduplication id is a property of the record.
 */
export function createQueueStage<T> (options: QueueStageOptions<T>): Stage<T> {
  const { batch, queues } = options
  return {
    name: options.name,
    batch: {
      maxRecords: Math.min(batch.maxRecords, SEND_BATCH_MAX_ENTRIES),
      maxBytes: Math.min(batch.maxBytes, SEND_MAX_BYTES),
      lingerMs: batch.lingerMs
    },
    concurrency: options.concurrency,
    ...(options.maxPerLane === undefined ? {} : { maxPerLane: options.maxPerLane }),
    forgetsAfterMs: DEDUPLICATION_MS,
    batchKey: options.queueKey,
    orderKey: options.groupId,
    check (flight) {
      const key = options.queueKey(flight)
      if (!queues.has(key)) return poison('UNKNOWN_CLIENT', 'no queue is configured for it')
      return sizeProblem(options.entry(flight), queues.peek(key)?.maximumMessageSize ?? SEND_MAX_BYTES)
    },
    bytes: flight => options.entry(flight).bytes,
    run: async (flights, signal) => await sendToQueue(options, flights, signal)
  }
}

async function sendToQueue<T> (options: QueueStageOptions<T>, flights: ReadonlyArray<Flight<T>>, signal: AbortSignal): Promise<readonly Outcome[]> {
  const [first] = flights
  if (first === undefined) return []
  const key = options.queueKey(first)
  try {
    const queue = options.queues.peek(key) ?? await options.queues.lookUp(key, signal)
    const outcomes = await sendFitting(options.sender, queue, flights.map(options.entry), signal)
    if (outcomes.some(outcome => outcome.class === 'environment' && outcome.code === 'NOT_FOUND')) options.queues.forget(key)
    return outcomes
  } catch (error) {
    return flights.map(() => outcomeOfLookUp(error))
  }
}

/** Sends what the queue takes by its size: it may not have been known when these were checked. */
async function sendFitting (sender: BatchSender, queue: Queue, entries: readonly Entry[], signal: AbortSignal): Promise<readonly Outcome[]> {
  const { maximumMessageSize: maxBytes } = queue
  if (entries.every(entry => entry.bytes <= maxBytes)) return await sendEntries(sender, queue, entries, signal)
  const sent = await sendEntries(sender, queue, entries.filter(entry => entry.bytes <= maxBytes), signal)
  const outcomes = sent.values()
  return entries.map(entry => sizeProblem(entry, maxBytes) ?? outcomes.next().value as Outcome)
}

function sizeProblem ({ bytes }: Entry, maxBytes: number) {
  return bytes > maxBytes ? poison('MESSAGE_TOO_LARGE', `${bytes} bytes, the queue takes ${maxBytes}`) : undefined
}

/** The look-up of a queue says nothing about a record: it is never poison. */
function outcomeOfLookUp (error: unknown): Outcome {
  const { code, detail } = error instanceof AppError ? { code: error.code, detail: error.message } : classifyError(error)
  return outcomeOf({ code: classOf(code) === 'poison' ? 'MISCONFIGURED' : code, detail }, 'key')
}
