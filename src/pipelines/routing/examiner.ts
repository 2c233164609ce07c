import { RegistryError } from '../../connectors/schema-registry/registry-error.js'
import { type SchemaCache, type SchemaEntry } from '../../connectors/schema-registry/schema-cache.js'
import { schemaIdOf } from '../../connectors/schema-registry/wire-format.js'
import { type Clock } from '../../engine/clock.js'
import { type Examiner, type Verdict } from '../../engine/examiner.js'
import { type SourceRecord } from '../../engine/record.js'
import { AppError } from '../../errors.js'
import { InlineExaminer } from '../../validation/inline-examiner.js'
import { type ChunkAnswer, examineChunk, verdictsOf } from '../../validation/serve-chunk.js'
import { ValidationPool } from '../../validation/validation-pool.js'
import { type Values, valuesOf } from '../../validation/values.js'
import { type OutputSchemas } from './output-schemas.js'
import { type RegistryHold } from './registry-hold.js'
import { type Output, type RoutedMessages, type RoutedRecord, unpackRouted } from './routed-messages.js'
import { checkValue, RoutingChunks, type RoutingChunksOptions, type RoutingContext } from './routing-chunks.js'

export interface RoutingExaminerOptions extends Omit<RoutingChunksOptions, 'destinations'> {
  /** By the places of their destinations. */
  readonly outputs: readonly Output[]
  /** Known before anything is examined. */
  readonly outputSchemas: () => OutputSchemas
  readonly cache: SchemaCache
  readonly hold: RegistryHold
  /** 0 examines everything on the calling thread. */
  readonly threads: number
  /** What is of this size on average, or smaller, is examined on the calling thread: a chunk at a time. */
  readonly inlineBytes: number
  readonly timeoutMs: number
  readonly retryTimeoutMs: number
  readonly clock: Clock
}

/**
 * Examines small records where it is called, since the way to a thread and back costs more there than decoding them, and
 * large ones in the pool, whose threads start with the first of them. What is decoded has been walked before, so neither
 * place can be stopped by a record.
 *
 * Sees to it before that the schemas they were written with are known. A chunk whose ids are all known never asks the
 * registry; one with an id that nobody can tell of at present is not examined at all, and what was polled after it waits
 * for it, for the sake of order.
 */
export class RoutingExaminer implements Examiner<RoutedRecord> {
  readonly #options: RoutingExaminerOptions
  readonly #chunksOptions: RoutingChunksOptions
  readonly #inline: InlineExaminer<RoutedRecord>
  #pool: ValidationPool<RoutedRecord> | undefined

  constructor (options: RoutingExaminerOptions) {
    const { readerSchema, processorId, maxRecordBytes, outputs } = options
    this.#options = options
    this.#chunksOptions = { readerSchema, processorId, maxRecordBytes, destinations: outputs.map(({ name }) => name) }
    const chunks = new RoutingChunks(this.#chunksOptions)
    this.#inline = new InlineExaminer((_, values) => this.#unpack(examineChunk(values, this.#contextOf(values), chunks)), record => { this.detach(record) })
  }

  /** Why nothing can be examined at present, for readiness; `undefined` when all is well. */
  get problem (): string | undefined {
    return this.#pool?.problem ?? this.#options.hold.problem
  }

  get utilization (): number {
    return this.#pool?.utilization ?? 0
  }

  get busyMs (): number {
    return this.#pool?.busyMs ?? 0
  }

  get queueSize (): number {
    return this.#pool?.queueSize ?? 0
  }

  async examine (chunk: readonly SourceRecord[]): Promise<ReadonlyArray<Verdict<RoutedRecord>>> {
    const values = valuesOf(chunk)
    const missing = [...idsOf(values)].filter(id => !this.#options.cache.has(id))
    if (missing.length > 0) await this.#lookUp(missing)
    return await this.#placeFor(values).examine(chunk, values)
  }

  detach (record: RoutedRecord): void {
    record.detach()
  }

  async close (): Promise<void> {
    await this.#pool?.close()
  }

  async #lookUp (ids: readonly number[]): Promise<void> {
    const { cache, hold } = this.#options
    try {
      const queue = ids.values()
      await Promise.all(Array.from({ length: LOOK_UPS }, async () => { for (const id of queue) await cache.lookUp(id) }))
      hold.answered()
    } catch (error) {
      if (error instanceof RegistryError) hold.failed(error)
      throw error
    }
  }

  #placeFor (values: Values): InlineExaminer<RoutedRecord> | ValidationPool<RoutedRecord> {
    const { threads, inlineBytes } = this.#options
    if (threads === 0 || bytesOf(values) <= values.length * inlineBytes) return this.#inline
    this.#pool ??= this.#createPool()
    return this.#pool
  }

  #createPool (): ValidationPool<RoutedRecord> {
    const { maxRecordBytes, threads, timeoutMs, retryTimeoutMs, clock } = this.#options
    return new ValidationPool({
      worker: WORKER,
      workerData: this.#chunksOptions,
      threads,
      timeoutMs,
      retryTimeoutMs,
      clock,
      admit: value => checkValue(value, maxRecordBytes),
      contextOf: (_, values) => this.#contextOf(values),
      unpack: answer => this.#unpack(answer),
      detach: record => { this.detach(record) }
    })
  }

  #unpack (answer: ChunkAnswer): Array<Verdict<RoutedRecord>> {
    return verdictsOf(answer, unpackRouted(answer.valid as RoutedMessages, this.#options.outputs))
  }

  #contextOf (values: Values): RoutingContext {
    const { ids, schemas: outputSchemas } = this.#options.outputSchemas()
    const schemas = new Map<number, SchemaEntry>(outputSchemas)
    for (const id of idsOf(values)) {
      if (schemas.has(id)) continue
      const schema = this.#options.cache.peek(id)
      // So many ids have come at once that this one is forgotten already: it is looked up again.
      if (schema === undefined) throw new AppError('VALIDATION_UNAVAILABLE', `the schema ${id} is not at hand`)
      schemas.set(id, schema)
    }
    return { processedAt: this.#options.clock.wallTime(), schemas, outputSchemaIds: ids }
  }
}

/** Of one chunk, side by side. A look-up should not wait for its connection, and so for its time to run out. */
const LOOK_UPS = 4

const WORKER = new URL('../../../workers/routing.js', import.meta.url)

function bytesOf (values: Values): number {
  let bytes = 0
  for (const value of values) bytes += value?.length ?? 0
  return bytes
}

/** Of the schemas that these were written with. Most values have the id of the one before. */
function idsOf (values: Values): ReadonlySet<number> {
  const ids = new Set<number>()
  let last: number | undefined
  for (const value of values) {
    const id = value === null ? undefined : schemaIdOf(value)
    if (id === undefined || id === last) continue
    ids.add(id)
    last = id
  }
  return ids
}
