import { type Clock } from '../../engine/clock.js'
import { type Verdict } from '../../engine/examiner.js'
import { type SourceRecord } from '../../engine/record.js'
import { InlineExaminer } from '../../validation/inline-examiner.js'
import { checkSize } from '../../validation/precheck.js'
import { type ChunkAnswer, examineChunk, verdictsOf } from '../../validation/serve-chunk.js'
import { ValidationPool } from '../../validation/validation-pool.js'
import { decodeEvents, type EncodedEvent, type EncodedEvents } from './encoded-events.js'
import { EventChunks, type EventChunksOptions, placesOf } from './event-chunks.js'
import { compileExamine } from './examine.js'

export interface EventsExaminerOptions extends EventChunksOptions {
  /** 0 examines on the calling thread. */
  readonly threads: number
  readonly timeoutMs: number
  readonly retryTimeoutMs: number
  readonly clock: Clock
}

export type EventsExaminer = ValidationPool<EncodedEvent> | InlineExaminer<EncodedEvent>

/** Throws `UsageError` at once for a schema that can not be honoured, so that no thread is started for it. */
export function createEventsExaminer (options: EventsExaminerOptions): EventsExaminer {
  const { threads, timeoutMs, retryTimeoutMs, clock, schema, schemaSource, limits, messageGroup } = options
  const contextOf = (records: readonly SourceRecord[]) => placesOf(records, messageGroup)
  if (threads === 0) {
    const chunks = new EventChunks(options)
    return new InlineExaminer((records, values) => unpack(examineChunk(values, contextOf(records), chunks)), detach)
  }
  compileExamine(options)
  return new ValidationPool({
    worker: WORKER,
    workerData: { schema, schemaSource, limits, messageGroup } satisfies EventChunksOptions,
    threads,
    timeoutMs,
    retryTimeoutMs,
    clock,
    admit: value => checkSize(value, limits.maxBytes),
    contextOf,
    unpack,
    detach
  })
}

const WORKER = new URL('../../../workers/events.js', import.meta.url)

function detach (event: EncodedEvent): void {
  event.detach()
}

function unpack (answer: ChunkAnswer): Array<Verdict<EncodedEvent>> {
  return verdictsOf(answer, decodeEvents(answer.valid as EncodedEvents))
}
