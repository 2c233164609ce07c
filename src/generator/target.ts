import { type GeneratedRecord } from './event-generator.js'
import { type Place } from './ledger.js'

export type Acknowledge = (record: GeneratedRecord, result: Place | Error) => void

/** Where records go. Each is acknowledged once, by the callback the target was made with. */
export interface Target {
  /** Accepts a record; a promise when the target is full, resolved when it takes more. */
  write (record: GeneratedRecord): Promise<void> | undefined
  /** Resolves once all that was written is acknowledged. */
  flush (): Promise<void>
  close (): Promise<void>
}
