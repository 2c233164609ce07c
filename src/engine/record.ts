export type Header = readonly [name: string, value: Buffer | null]

/** One message from a source, as it was read. */
export interface SourceRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly key: Buffer | null
  /** `null` for a tombstone. */
  readonly value: Buffer | null
  readonly headers: readonly Header[]
  /** The source's own timestamp, ms since 1970; -1 when it has none. */
  readonly timestamp: number
  /** Of key and value together, where it costs less to ask for than these. */
  readonly payloadBytes?: number
  /** The record stays for long: it lets go of what it shares with other records. Called again and again. */
  detach? (): void
}

/** What a record costs of the byte credit. */
export function bytesOf (record: SourceRecord): number {
  let bytes = record.payloadBytes ?? (record.value?.length ?? 0) + (record.key?.length ?? 0)
  for (const header of record.headers) bytes += header[0].length + (header[1]?.length ?? 0)
  return bytes
}
