import { hash } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { type Clock, systemClock } from '../engine/clock.js'
import { UsageError } from '../errors.js'
import { type BaseEntry, LedgerWriter, type Place, readLedger } from './ledger.js'
import { Pace } from './pace.js'
import { type MadeRecord } from './record.js'
import { type Acknowledge, type Target } from './target.js'

/** What is produced. */
export interface Production<R extends MadeRecord> {
  readonly records: Iterable<R> | AsyncIterable<R>
  /** `last`: of an earlier run that this one goes on with. */
  openTarget (acknowledge: Acknowledge<R>, last: Place | undefined): Promise<Target<R>>
  /** What the ledger says of a record once it stands at its place. */
  toEntry (record: R, place: Place): BaseEntry
  /** What two runs must share so that one can go on where the other stopped. */
  readonly run: Readonly<Record<string, unknown>>
  /** A reader follows what is written: nothing is kept back while the producer pauses. */
  readonly isFollowed: boolean
}

/** How it is produced. */
export interface ProduceControls {
  readonly ratePerSecond?: number
  readonly ledger?: string
  /** Goes on after what the ledger says was acknowledged. */
  readonly resume?: boolean
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

/** Sends records, and writes each into the ledger once it is acknowledged. */
export async function produceRecords<R extends MadeRecord> (production: Production<R>, options: ProduceControls): Promise<ProduceSummary> {
  const { clock = systemClock } = options
  const startedAt = clock.now()
  const before = options.resume === true ? await readBefore(options, production.run) : { done: new Set<number>(), last: undefined }
  const tally = new Tally()
  const acknowledge: Acknowledge<R> = (record, result) => {
    tally.count(record, result)
    if (!(result instanceof Error)) ledger?.append(production.toEntry(record, result))
  }
  const target = await production.openTarget(acknowledge, before.last)
  const ledger = await openLedger(options, production.run).catch(async error => {
    await target.close()
    throw error
  })
  try {
    await send(production, options, clock, target, before.done, async () => {
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

async function send<R extends MadeRecord> (production: Production<R>, options: ProduceControls, clock: Clock, target: Target<R>, done: ReadonlySet<number>, tell: () => Promise<void>): Promise<void> {
  const { signal, ratePerSecond } = options
  const pace = ratePerSecond === undefined ? undefined : new Pace(clock, ratePerSecond)
  let toldAt = clock.now()
  for await (const record of production.records) {
    if (signal?.aborted === true) return
    if (done.has(record.index)) continue
    const full = target.write(record)
    if (full !== undefined) await full
    const waitMs = pace?.next() ?? 0
    if (full === undefined && waitMs < MIN_WAIT_MS && record.index % YIELD_EVERY !== 0) continue
    if (waitMs >= MIN_WAIT_MS) {
      if (production.isFollowed) await target.flush()
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

async function readBefore (options: ProduceControls, run: Production<never>['run']): Promise<{ done: Set<number>, last: Place | undefined }> {
  if (options.ledger === undefined) throw new UsageError('Resuming needs the ledger of the run before')
  const done = new Set<number>()
  let last: Place | undefined
  const header = await readLedger<BaseEntry>(options.ledger, entry => {
    done.add(entry.index)
    last = entry.place
  })
  if (!isDeepStrictEqual(header.run, JSON.parse(JSON.stringify(run)))) {
    throw new UsageError(`${options.ledger} belongs to another run: resume with the options it was started with`, [`then: ${JSON.stringify(header.run)}`, `now: ${JSON.stringify(run)}`])
  }
  return { done, last }
}

async function openLedger ({ ledger, resume }: ProduceControls, run: Production<never>['run']): Promise<LedgerWriter | undefined> {
  if (ledger === undefined) return undefined
  return resume === true ? await LedgerWriter.resume(ledger) : await LedgerWriter.create(ledger, run)
}

/** What every ledger says of a record. */
export function baseEntry ({ index, kind, expected, value }: MadeRecord, place: Place): BaseEntry {
  return { index, kind, expected, sha256: hash('sha256', value ?? ''), bytes: value?.length ?? 0, place }
}

class Tally {
  acknowledged = 0
  valid = 0
  failed = 0
  firstFailure: string | undefined
  readonly invalidByKind = new Map<string, number>()

  count (record: MadeRecord, result: Place | Error): void {
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
