import { type SourceRecord } from '../engine/record.js'

/** The values of some records, in their order. */
export type Values = ReadonlyArray<Buffer | null>

/** A record may make its value anew each time that it is asked for, so ask once. */
export function valuesOf (records: readonly SourceRecord[]): Values {
  return records.map(record => record.value)
}
