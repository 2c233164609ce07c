import { type FailureCode } from '../errors.js'

/** Why a batch left: it was full by count or by bytes, its oldest record had waited long enough, or it probes a held service. */
export type FlushCause = 'records' | 'bytes' | 'linger' | 'probe'

/** One call of a stage as it ended. */
export interface CallReport {
  readonly records: number
  readonly bytes: number
  readonly cause: FlushCause
  readonly durationMs: number
  readonly done: number
  readonly poison: number
  readonly transient: number
  readonly environment: number
  /** Records sent again in this call, of `records`. */
  readonly resent: number
}

/**
 * What the engine tells about itself while it works; the service turns it into metrics. Called per chunk, per call or
 * on rare events, never per record.
 */
export interface Observer {
  consumed (topic: string, records: number, bytes: number): void
  examined (records: number, valid: number, durationMs: number): void
  settled (records: number): void
  /** From the source's timestamp to settlement, of one record per call: a sample. */
  endToEnd (durationMs: number): void
  called (stage: string, key: string, report: CallReport): void
  coalesced (stage: string, records: number): void
  failed (stage: string, key: string, code: FailureCode, records: number): void
  /** Acknowledged by the dead letters. */
  deadLettered (code: FailureCode): void
  handedOver (cause: 'attempt' | 'hold', records: number): void
  attemptsExhausted (): void
  replayed (records: number): void
  postponed (records: number): void
  /** An end that came after its epoch was over. */
  lateSettled (): void
  /** An offset that surfaced twice in one epoch. */
  repeatedOffset (): void
  /** Records that a call let through before an earlier one of their lane, which failed in it: batch order's stated residue. */
  overtaken (stage: string, records: number): void
  committed (partitions: number, durationMs: number): void
  commitFailed (reason: string): void
  /** Deleted from the source before they were read. */
  offsetsLost (topic: string, offsets: number): void
  /** A partition of the source is another log than the one that was read: its topic was created again. */
  logReplaced (topic: string): void
  rebalanced (event: 'assigned' | 'revoked' | 'lost', partitions: number): void
}

/** Rare events that an operator should hear of in words, not only count. */
export interface Incidents {
  held (stage: string, key: string | undefined, code: FailureCode, detail: string): void
  resumed (stage: string, key: string | undefined, heldMs: number): void
  /** Sent again so long after a call without an answer that the system may have forgotten it: these may be there twice. */
  possibleDuplicates (stage: string, key: string, records: number): void
  retryBudgetSpent (stage: string, key: string): void
  /** The examiner could not work; it is tried again. */
  examinerFailed (error: unknown): void
}
