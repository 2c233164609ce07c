import { type Clock } from '../../engine/clock.js'
import { type Verdict } from '../../engine/examiner.js'
import { type SourceRecord } from '../../engine/record.js'
import { InlineExaminer } from '../../validation/inline-examiner.js'
import { checkSize } from '../../validation/precheck.js'
import { type ChunkAnswer, refusalsOf } from '../../validation/serve-chunk.js'
import { ValidationPool } from '../../validation/validation-pool.js'
import { type EventPayload, toPayload } from './event.js'
import { decodeEvents, type EventColumns } from './event-columns.js'
import { compileExamine, type ExamineOptions } from './examine.js'

export interface EventsExaminerOptions extends ExamineOptions {
  /** 0 examines on the calling thread. */
  readonly threads: number
  readonly timeoutMs: number
  readonly retryTimeoutMs: number
  readonly clock: Clock
}

export type EventsExaminer = ValidationPool<EventPayload> | InlineExaminer<EventPayload>

/** Throws `UsageError` at once for a schema that can not be honoured, so that no thread is started for it. */
export function createEventsExaminer (options: EventsExaminerOptions): EventsExaminer {
  const { threads, timeoutMs, retryTimeoutMs, clock, schema, schemaSource, limits } = options
  const examine = compileExamine(options)
  if (threads === 0) {
    return new InlineExaminer(record => {
      const verdict = examine(record.value)
      return verdict.class === 'valid' ? { class: 'valid', payload: toPayload(verdict.payload, textOf(record)) } : verdict
    })
  }
  return new ValidationPool({
    worker: WORKER,
    workerData: { schema, schemaSource, limits } satisfies ExamineOptions,
    threads,
    timeoutMs,
    retryTimeoutMs,
    clock,
    admit: record => checkSize(record.value, limits.maxBytes),
    unpack
  })
}

const WORKER = new URL('../../../workers/events.js', import.meta.url)

function unpack (answer: ChunkAnswer, records: readonly SourceRecord[]): Array<Verdict<EventPayload>> {
  const events = decodeEvents(answer.valid as EventColumns)
  const refusals = refusalsOf(answer)
  let next = 0
  return records.map((record, index) => refusals[index] ?? { class: 'valid', payload: toPayload(events[next++]!, textOf(record)) })
}

/** Decoded again on this thread: cheaper than a copy of the text that crosses threads. */
function textOf (record: SourceRecord): string {
  return record.value!.toString()
}
