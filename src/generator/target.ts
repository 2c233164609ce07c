import { type Place } from './ledger.js'
import { type MadeRecord } from './record.js'

export type Acknowledge<R extends MadeRecord = MadeRecord> = (record: R, result: Place | Error) => void

/** Where records go. Each is acknowledged once, by the callback the target was made with. */
export interface Target<R extends MadeRecord = MadeRecord> {
  /** Accepts a record; a promise when the target is full, resolved when it takes more. */
  write (record: R): Promise<void> | undefined
  /** Resolves once all that was written is acknowledged. */
  flush (): Promise<void>
  close (): Promise<void>
}
