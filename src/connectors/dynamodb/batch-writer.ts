import { type WriteRequest } from '@aws-sdk/client-dynamodb'
import { type Row } from './row.js'

/** BatchWriteItem: one call of it, whatever carries it. */
export interface BatchWriter {
  /**
   * Puts rows of different keys, at most 25. Resolves when the service has answered that it took the call; what it left
   * out is in the answer. Rejects with what `classifyError` knows, at its deadline and when `signal` aborts too.
   */
  write (tableName: string, rows: readonly Row[], signal: AbortSignal): Promise<BatchWriteAnswer>
}

/** The service's answer, in its own names. */
export interface BatchWriteAnswer {
  /** By table; as they were sent, so they are known by their keys. The service always names it, if only empty. */
  readonly UnprocessedItems?: Readonly<Record<string, readonly WriteRequest[]>> | null | undefined
}
