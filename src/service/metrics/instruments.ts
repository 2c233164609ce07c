import { type MetricSet } from './metric-set.js'

/** Calls over a network: 1 ms to the request timeout. */
const CALL_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
/** From a record's birth to its settlement: a backlog may be days old. */
const LATENCY_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3_600, 86_400]
/** Records of a call: 10 fill one of SQS, 25 one of DynamoDB. */
const CALL_RECORDS = [1, 2, 5, 9, 10, 15, 20, 24, 25]

export type Instruments = ReturnType<typeof createInstruments>

/** Every metric that is written as things happen. `key` is the client of a queue, and the stage's own name where a stage has no keys. */
export function createInstruments (set: MetricSet) {
  const call = ['stage', 'key'] as const
  return {
    consumedRecords: set.counter('consumed_records_total', 'Records read from the source.', ['topic']),
    consumedBytes: set.counter('consumed_bytes_total', 'Their bytes: keys, values and headers.', ['topic']),
    examined: set.counter('examined_records_total', 'Records validated, by verdict (valid, invalid).', ['verdict']),
    validation: set.histogram('validation_seconds', 'Validation of one chunk, waiting for a thread included.', CALL_SECONDS),
    examinerFailures: set.counter('examiner_failures_total', 'Times that validation could not work and was tried again; no record is judged by it.'),
    settled: set.counter('settled_records_total', 'Records that reached their end: delivered, dead-lettered or handed to the retry queue.'),
    endToEnd: set.histogram('end_to_end_seconds', 'From a record\'s own timestamp to its settlement; a sample, one record a call.', LATENCY_SECONDS),

    callDuration: set.histogram('call_seconds', 'Duration of one call of a stage.', CALL_SECONDS, call),
    callRecords: set.histogram('call_records', 'Records in one call: how full batches are.', CALL_RECORDS, call),
    callBytes: set.counter('call_bytes_total', 'Bytes sent in calls.', call),
    flushes: set.counter('flushes_total', 'Why a call left: records or bytes (full), linger (waited long enough), probe (of a held system).', [...call, 'cause']),
    outcomes: set.counter('outcomes_total', 'Records in calls by outcome: done, poison, transient, environment.', [...call, 'outcome']),
    resent: set.counter('resent_records_total', 'Records that were sent again.', call),
    coalesced: set.counter('coalesced_records_total', 'Records that a newer one of the same key took along.', ['stage']),
    failures: set.counter('failures_total', 'Failures of records in a stage, by code.', [...call, 'code']),
    overtaken: set.counter('overtaken_records_total', 'Records let through before an earlier one of their lane that failed in the same call.', ['stage']),
    possibleDuplicates: set.counter('possible_duplicates_total', 'Messages sent again more than 4 minutes after a call without an answer: the queue may hold them twice.', ['stage']),

    holds: set.counter('holds_total', 'Times that a stage, or one key of it, was held because its system was sick.', [...call, 'code']),
    held: set.gauge('held', '1 while a stage, or one key of it, is held.', call),
    heldTime: set.counter('held_seconds_total', 'Time spent held; counted when a hold ends.', call),
    retryBudgetSpent: set.counter('retry_budget_spent_total', 'Times that retries were stopped because too many sends failed.', call),

    deadLetters: set.counter('dead_letters_total', 'Records in the dead-letter topic, by reason.', ['code']),
    handedOver: set.counter('handed_over_records_total', 'Records handed to the retry queue: after an attempt, or out of a hold.', ['cause']),
    attemptsExhausted: set.counter('attempts_exhausted_total', 'Records whose attempts were all spent.'),
    replayed: set.counter('replayed_records_total', 'Records taken up from the retry queue.'),
    postponed: set.counter('postponed_records_total', 'Records of the retry queue put back for later.'),

    committedPartitions: set.counter('committed_partitions_total', 'Offsets committed, one a partition.'),
    commitDuration: set.histogram('commit_seconds', 'From a commit to its confirmation.', CALL_SECONDS),
    commitFailures: set.counter('commit_failures_total', 'Commits that were refused, by reason.', ['reason']),
    lostOffsets: set.counter('lost_offsets_total', 'Offsets that were deleted from the source before they were read: retention was faster.', ['topic']),
    replacedLogs: set.counter('replaced_logs_total', 'Partitions read from their beginning because their topic had been created again.', ['topic']),
    rebalances: set.counter('rebalances_total', 'Assignments, revocations and losses of partitions.', ['event']),
    rebalancedPartitions: set.counter('rebalanced_partitions_total', 'Partitions in them.', ['event']),
    lateSettled: set.counter('late_settlements_total', 'Records whose end came after their partition was given away.'),
    repeatedOffsets: set.counter('repeated_offsets_total', 'Offsets that surfaced twice in one assignment; ignored.'),

    healthy: set.gauge('healthy', '0 while a check of readiness is red.', ['check'])
  }
}
