import { hash } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { type Clock, systemClock } from '../engine/clock.js'
import { UsageError } from '../errors.js'
import { type GeneratedRecord } from './event-generator.js'
import { FileTarget } from './file-target.js'
import { chooseKinds } from './invalid-kinds.js'
import { KafkaTarget, type KafkaTargetOptions } from './kafka-target.js'
import { type LedgerEntry, LedgerWriter, type Place, readLedger } from './ledger.js'
import { Pace } from './pace.js'
import { generatedRecords, recordsOfFile } from './record-source.js'
import { type Acknowledge, type Target } from './target.js'

export interface ProduceOptions {
  readonly to: { readonly file: string } | ({ readonly topic: string } & KafkaTargetOptions)
  /** Records to make; with `from` at most as many, all when absent. */
  readonly count?: number
  /** An existing file of lines, sent as they are, instead of made records. */
  readonly from?: string
  readonly seed?: number
  readonly invalidShare?: number
  /** Names; all that fit when absent. */
  readonly invalidKinds?: readonly string[]
  readonly extraShare?: number
  readonly ratePerSecond?: number
  readonly ledger?: string
  /** Goes on after what the ledger says was acknowledged. */
  readonly resume?: boolean
  /** Replaces an existing file. */
  readonly force?: boolean
  /** Stops early: what was written is still acknowledged, so that a later run can go on. */
  readonly signal?: AbortSignal
  readonly onProgress?: (acknowledged: number) => void
  readonly clock?: Clock
}

export interface ProduceSummary {
  /** In this run. */
  readonly acknowledged: number
  readonly valid: number
  readonly invalidByKind: ReadonlyMap<string, number>
  /** Acknowledged in a run before this one. */
  readonly skipped: number
  readonly failed: number
  readonly firstFailure: string | undefined
  readonly stopped: boolean
  readonly elapsedMs: number
}

/** Makes records, sends them, and writes each into the ledger once it is acknowledged. */
export async function produceEvents (options: ProduceOptions): Promise<ProduceSummary> {
  const { clock = systemClock } = options
  const startedAt = clock.now()
  const run = describeRun(options)
  const before = options.resume === true ? await readBefore(options, run) : { done: new Set<number>(), last: undefined }
  const tally = new Tally()
  const acknowledge: Acknowledge = (record, result) => {
    tally.count(record, result)
    if (!(result instanceof Error)) ledger?.append(toEntry(record, result))
  }
  const target = await openTarget(options, acknowledge, before.last)
  const ledger = await openLedger(options, run).catch(async error => {
    await target.close()
    throw error
  })
  try {
    await send(options, clock, target, before.done, async () => {
      await ledger?.flush()
      options.onProgress?.(tally.acknowledged)
    })
    await target.flush()
  } finally {
    await target.close()
    await ledger?.close()
  }
  options.onProgress?.(tally.acknowledged)
  return {
    acknowledged: tally.acknowledged,
    valid: tally.valid,
    invalidByKind: tally.invalidByKind,
    skipped: before.done.size,
    failed: tally.failed,
    firstFailure: tally.firstFailure,
    stopped: options.signal?.aborted ?? false,
    elapsedMs: clock.now() - startedAt
  }
}

/** How often the ledger is written and progress told. */
const TELL_EVERY_MS = 200

async function send (options: ProduceOptions, clock: Clock, target: Target, done: ReadonlySet<number>, tell: () => Promise<void>): Promise<void> {
  const { signal, ratePerSecond } = options
  const pace = ratePerSecond === undefined ? undefined : new Pace(clock, ratePerSecond)
  let toldAt = clock.now()
  for await (const record of recordsOf(options)) {
    if (signal?.aborted === true) return
    if (done.has(record.index)) continue
    const full = target.write(record)
    if (full !== undefined) await full
    const waitMs = pace?.next() ?? 0
    if (full === undefined && waitMs < MIN_WAIT_MS && record.index % YIELD_EVERY !== 0) continue
    if (waitMs >= MIN_WAIT_MS) {
      if ('file' in options.to) await target.flush() // a reader follows the file
      await delay(waitMs, undefined, { signal }).catch(() => {})
    } else {
      await delay(0) // lets acknowledgements and signals in
    }
    if (clock.now() - toldAt >= TELL_EVERY_MS) {
      toldAt = clock.now()
      await tell()
    }
  }
}

/** Timers are no finer. */
const MIN_WAIT_MS = 2
const YIELD_EVERY = 1_000

function recordsOf (options: ProduceOptions): Iterable<GeneratedRecord> | AsyncIterable<GeneratedRecord> {
  const { from, count, seed = 1, invalidShare = 0, extraShare = 0, invalidKinds } = options
  if (from !== undefined) return recordsOfFile(from, count)
  const kinds = chooseKinds(invalidKinds, 'file' in options.to ? 'file' : 'kafka')
  return generatedRecords({ seed, invalidShare, extraShare, kinds }, count ?? 0)
}

/** What two runs must share so that one can go on where the other stopped. */
function describeRun (options: ProduceOptions): Record<string, unknown> {
  const { from, seed = 1, invalidShare = 0, extraShare = 0, invalidKinds, to } = options
  const kinds = invalidShare === 0 ? [] : chooseKinds(invalidKinds, 'file' in to ? 'file' : 'kafka').map(kind => kind.name)
  const target = 'file' in to ? { file: to.file } : { topic: to.topic, key: to.key }
  return from === undefined ? { seed, invalidShare, extraShare, kinds, ...target } : { from, ...target }
}

async function readBefore (options: ProduceOptions, run: Record<string, unknown>): Promise<{ done: Set<number>, last: Place | undefined }> {
  if (options.ledger === undefined) throw new UsageError('Resuming needs the ledger of the run before')
  const done = new Set<number>()
  let last: Place | undefined
  const header = await readLedger(options.ledger, entry => {
    done.add(entry.index)
    last = entry.place
  })
  if (!isDeepStrictEqual(header.run, JSON.parse(JSON.stringify(run)))) {
    throw new UsageError(`${options.ledger} belongs to another run: resume with the options it was started with`, [`then: ${JSON.stringify(header.run)}`, `now: ${JSON.stringify(run)}`])
  }
  return { done, last }
}

async function openTarget ({ to, resume, force }: ProduceOptions, acknowledge: Acknowledge, last: Place | undefined): Promise<Target> {
  if (!('file' in to)) return await KafkaTarget.connect(to, acknowledge)
  if (resume !== true) return await FileTarget.create(to.file, acknowledge, force === true)
  return await FileTarget.resume(to.file, acknowledge, last !== undefined && 'line' in last ? last : { line: 0, fileEnd: 0 })
}

async function openLedger ({ ledger, resume }: ProduceOptions, run: Record<string, unknown>): Promise<LedgerWriter | undefined> {
  if (ledger === undefined) return undefined
  return resume === true ? await LedgerWriter.resume(ledger) : await LedgerWriter.create(ledger, run)
}

/** What the ledger says of a record once it stands at its place. */
export function toEntry (record: GeneratedRecord, place: Place): LedgerEntry {
  const { index, uid, client, kind, expected, value } = record
  return { index, uid, client, kind, expected, sha256: hash('sha256', value ?? ''), bytes: value?.length ?? 0, place }
}

class Tally {
  acknowledged = 0
  valid = 0
  failed = 0
  firstFailure: string | undefined
  readonly invalidByKind = new Map<string, number>()

  count (record: GeneratedRecord, result: Place | Error): void {
    if (result instanceof Error) {
      this.failed++
      this.firstFailure ??= `record ${record.index} (${record.kind}): ${result.message}`
      return
    }
    this.acknowledged++
    if (record.expected === 'valid') this.valid++
    else this.invalidByKind.set(record.kind, (this.invalidByKind.get(record.kind) ?? 0) + 1)
  }
}
