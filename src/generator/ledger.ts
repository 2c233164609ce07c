import { type FileHandle, open } from 'node:fs/promises'
import { UsageError } from '../errors.js'
import { readLines } from './lines.js'
import { type MadeRecord } from './record.js'

/** What was produced, written down by the producer once it was acknowledged: the truth that every store is compared with. */
export interface BaseEntry extends Pick<MadeRecord, 'index' | 'kind' | 'expected'> {
  /** Of the value's bytes, in hex; of no bytes for a tombstone. */
  readonly sha256: string
  readonly bytes: number
  readonly place: Place
}

/** Of an event. */
export interface LedgerEntry extends BaseEntry {
  readonly uid: string | undefined
  readonly client: string | undefined
}

/** Of a record that is routed. */
export interface RoutingEntry extends BaseEntry {
  /** As the record names them, each once; none when it can not be read. */
  readonly destinations: readonly string[]
}

/**
 * A line of a file, from 1, and where it ends; or an offset of a partition. A record whose own acknowledgement was lost, and
 * which a later one acknowledges with it, is in its partition, but nobody told the producer at which offset.
 */
export type Place =
  | { readonly line: number, readonly fileEnd: number }
  | { readonly topic: string, readonly partition: number, readonly offset: number }
  | { readonly topic: string, readonly partition: number }

/** First line of a ledger: what a resumed run must have in common with the one before. */
export interface LedgerHeader {
  readonly penstockLedger: 1
  readonly run: Readonly<Record<string, unknown>>
}

/**
 * NDJSON: a header, then an entry for each acknowledged record, in the order of the acknowledgements. A last line that
 * a crash has cut is no entry.
 */
export async function readLedger<E extends BaseEntry = LedgerEntry> (path: string, visit: (entry: E) => void): Promise<LedgerHeader> {
  const end = await wholeBytes(path)
  let header: LedgerHeader | undefined
  let read = 0
  for await (const line of readLines(path)) {
    read += line.length + 1
    if (read > end) break
    if (header === undefined) header = parseHeader(path, line)
    else visit(JSON.parse(line.toString()) as E)
  }
  if (header === undefined) throw new UsageError(`${path} is no ledger: it holds no whole line`)
  return header
}

/** All of them, in memory. */
export async function readEntries<E extends BaseEntry> (path: string): Promise<E[]> {
  const entries: E[] = []
  await readLedger<E>(path, entry => { entries.push(entry) })
  return entries
}

/** Appends entries; `flush` resolves when they are in the file. */
export class LedgerWriter {
  readonly #file: FileHandle
  #lines: string[] = []

  private constructor (file: FileHandle) {
    this.#file = file
  }

  static async create (path: string, run: LedgerHeader['run']): Promise<LedgerWriter> {
    const writer = new LedgerWriter(await open(path, 'w'))
    writer.#lines.push(JSON.stringify({ penstockLedger: 1, run } satisfies LedgerHeader))
    await writer.flush()
    return writer
  }

  /** Goes on after the last whole line. */
  static async resume (path: string): Promise<LedgerWriter> {
    const end = await wholeBytes(path)
    const file = await open(path, 'r+')
    await file.truncate(end)
    await file.close()
    return new LedgerWriter(await open(path, 'a'))
  }

  append<E extends BaseEntry> (entry: E): void {
    this.#lines.push(JSON.stringify(entry))
  }

  /** One at a time. */
  async flush (): Promise<void> {
    if (this.#lines.length === 0) return
    const text = `${this.#lines.join('\n')}\n`
    this.#lines = []
    await this.#file.appendFile(text)
  }

  async close (): Promise<void> {
    await this.flush()
    await this.#file.close()
  }
}

function parseHeader (path: string, line: Buffer): LedgerHeader {
  try {
    const header = JSON.parse(line.toString()) as Partial<LedgerHeader>
    if (header.penstockLedger === 1 && header.run !== undefined) return { penstockLedger: 1, run: header.run }
  } catch {}
  throw new UsageError(`${path} is no ledger: its first line is not a ledger's header`)
}

/** Up to and with the last line feed. */
async function wholeBytes (path: string): Promise<number> {
  const file = await open(path, 'r')
  try {
    const chunk = Buffer.alloc(65_536)
    for (let end = (await file.stat()).size; end > 0;) {
      const start = Math.max(0, end - chunk.length)
      await file.read(chunk, 0, end - start, start)
      const found = chunk.subarray(0, end - start).lastIndexOf(0x0A)
      if (found >= 0) return start + found + 1
      end = start
    }
    return 0
  } finally {
    await file.close()
  }
}
