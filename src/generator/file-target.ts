import { type FileHandle, open } from 'node:fs/promises'
import { UsageError } from '../errors.js'
import { type MadeRecord } from './record.js'
import { type Acknowledge, type Target } from './target.js'

/** A record a line. Lines reach the file in whole batches, and are acknowledged when they are there. */
export class FileTarget<R extends MadeRecord> implements Target<R> {
  readonly #file: FileHandle
  readonly #acknowledge: Acknowledge<R>
  #batch: R[] = []
  #batchBytes = 0
  #line: number
  #fileEnd: number

  private constructor (file: FileHandle, acknowledge: Acknowledge<R>, line: number, fileEnd: number) {
    this.#file = file
    this.#acknowledge = acknowledge
    this.#line = line
    this.#fileEnd = fileEnd
  }

  /** Refuses a file that exists, unless it may be replaced. */
  static async create<R extends MadeRecord> (path: string, acknowledge: Acknowledge<R>, replace: boolean): Promise<FileTarget<R>> {
    return new FileTarget(await openNew(path, replace), acknowledge, 0, 0)
  }

  /** Goes on after a line that was acknowledged; what stands behind it was not, and is cut off. */
  static async resume<R extends MadeRecord> (path: string, acknowledge: Acknowledge<R>, last: { line: number, fileEnd: number }): Promise<FileTarget<R>> {
    const file = await open(path, 'r+')
    const { size } = await file.stat()
    if (size < last.fileEnd) {
      await file.close()
      throw new UsageError(`${path} is shorter than its ledger says: ${size} bytes instead of ${last.fileEnd}`)
    }
    await file.truncate(last.fileEnd)
    await file.close()
    return new FileTarget(await open(path, 'a'), acknowledge, last.line, last.fileEnd)
  }

  write (record: R): Promise<void> | undefined {
    this.#batch.push(record)
    this.#batchBytes += record.value?.length ?? 0
    return this.#batchBytes >= BATCH_BYTES ? this.flush() : undefined
  }

  async flush (): Promise<void> {
    const batch = this.#batch
    if (batch.length === 0) return
    this.#batch = []
    this.#batchBytes = 0
    await this.#file.appendFile(Buffer.concat(batch.flatMap(record => [record.value ?? NOTHING, LINE_FEED])))
    for (const record of batch) {
      this.#fileEnd += (record.value?.length ?? 0) + 1
      this.#acknowledge(record, { line: ++this.#line, fileEnd: this.#fileEnd })
    }
  }

  async close (): Promise<void> {
    await this.flush()
    await this.#file.close()
  }
}

const BATCH_BYTES = 262_144
const NOTHING = Buffer.alloc(0)
const LINE_FEED = Buffer.from('\n')

async function openNew (path: string, replace: boolean): Promise<FileHandle> {
  try {
    return await open(path, replace ? 'w' : 'wx')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    throw new UsageError(`${path} exists: choose another file, go on with --resume, or replace it with --force`)
  }
}
